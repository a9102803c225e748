import type { Choice, Claim, Layers, TimedChoice } from "./availability-layers.ts";
import type { Availability } from "./status.ts";

/**
 * What a person is shown as is the strongest of what was chosen for them (CONTRACT 5): the person's standing choice, the
 * person's timed one, and one claim of each service, each with an end of its own. What ends uncovers what lies below.
 * Pure rules; dates in ms since 1970.
 */

/** Sources of claims that one person has at most; another one's claim is not taken. */
export const SOURCES_MAX = 8;

/** Nothing was chosen. */
export const PLAIN: Choice = { availability: "available", statusText: null };

/** Whether a standing choice says nothing, so that services' claims are shown. */
export const isPlain = ({ availability, statusText }: Choice): boolean =>
  availability === "available" && statusText === null;

/** What is shown, and when it ends by itself. */
export interface Strongest extends Choice {
  expiresAt: number | null;
  /** of a service's claim, its log sequence */
  seq?: number;
}

/** The person's own strongest choice: invisible in either, then the timed one, then the standing one. */
export const strongestOwn = ({ standing, timed }: Layers): Choice | TimedChoice =>
  timed === null || standing.availability === "invisible" ? standing : timed;

/** Invisible, then the person's timed choice, then the standing one unless it is plain, then the services' claims. */
export function strongestOf(layers: Layers): Strongest {
  const own = strongestOwn(layers);
  if (layers.timed !== null || !isPlain(own)) return { expiresAt: null, ...own };
  return layers.services.reduce<Claim | undefined>(stronger, undefined) ?? { ...PLAIN, expiresAt: null };
}

/** The layers without what hides the person: what one who has left would be shown with. */
export function withoutInvisible({ standing, timed, services }: Layers): Layers {
  const isVisible = ({ availability }: Choice) => availability !== "invisible";
  return {
    standing: isVisible(standing) ? standing : PLAIN,
    timed: timed && isVisible(timed) ? timed : null,
    services: services.filter(isVisible),
  };
}

/** The layers without what has ended by `date`; the same ones if nothing has. */
export function withoutEnded(layers: Layers, date: number): Layers {
  const { standing, timed, services } = layers;
  const lasts = ({ expiresAt }: { expiresAt: number | null }) => expiresAt === null || expiresAt > date;
  const hasTimedEnded = timed !== null && !lasts(timed);
  if (!hasTimedEnded && services.every(lasts)) return layers;
  return { standing, timed: hasTimedEnded ? null : timed, services: services.filter(lasts) };
}

/** The layers with what a person chooses: without an end in place of the standing choice, else of the timed one. */
export const withChoice = (layers: Layers, choice: Choice, expiresAt: number | null): Layers =>
  expiresAt === null ? { ...layers, standing: choice } : { ...layers, timed: { ...choice, expiresAt } };

/** The layers with one source's claim in place of its former one, null: without it. The same ones if it is one too many. */
export function withClaim(layers: Layers, source: string, claim: Claim | null): Layers {
  const others = layers.services.filter((one) => one.source !== source);
  if (claim === null) return { ...layers, services: others };
  return others.length < SOURCES_MAX ? { ...layers, services: [...others, claim] } : layers;
}

/** The layers of whom only the person's own strongest choice is known. */
export function layersOfChoice({ availability, statusText, expiresAt }: Strongest): Layers {
  const choice = { availability, statusText };
  return expiresAt === null
    ? { standing: choice, timed: null, services: [] }
    : { standing: PLAIN, timed: { ...choice, expiresAt }, services: [] };
}

const STRENGTH: Record<Availability, number> = { available: 0, busy: 1, dnd: 2, invisible: 3 };

/** Of claims that are equally strong the newer one counts. */
function stronger(a: Claim | undefined, b: Claim): Claim {
  if (a === undefined) return b;
  const more = STRENGTH[b.availability] - STRENGTH[a.availability] || b.seq - a.seq;
  return more > 0 ? b : a;
}
