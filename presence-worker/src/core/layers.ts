import type { Choice, Layers } from "@meeshy/shared/availability-layers";
import {
  isPlain,
  layersOfChoice,
  PLAIN,
  type Strongest,
  strongestOf as strongestOfLayers,
  strongestOwn,
  withoutInvisible,
} from "@meeshy/shared/layer-precedence";
import type { UserRecord } from "./record.ts";

/**
 * The layers of a record. It keeps the person's own strongest choice in three fields, which a release before layers
 * reads as the only one; `layers` is there when these three do not say everything.
 */
type Layered = Pick<UserRecord, "availability" | "statusText" | "availabilityExpiresAt" | "layers">;

export function layersOf({ availability, statusText, availabilityExpiresAt, layers }: Layered): Layers {
  return layers ?? layersOfChoice({ availability, statusText, expiresAt: availabilityExpiresAt });
}

/** The record with these layers; the very same one if it has them. */
export function withLayers(record: UserRecord, layers: Layers): UserRecord {
  if (isSameLayers(layersOf(record), layers)) return record;
  const { standing, timed, services } = layers;
  const own = strongestOwn(layers);
  const isWhole = services.length === 0 && (timed === null || (isPlain(standing) && own === timed));
  const next = {
    ...record,
    availability: own.availability,
    statusText: own.statusText,
    availabilityExpiresAt: "expiresAt" in own ? own.expiresAt : null,
  };
  if (isWhole) return record.layers === undefined ? next : { ...next, layers: undefined };
  return { ...next, layers };
}

/** What the record says is shown of its user. */
export function strongestOf(record: Layered): Strongest {
  const { availability, statusText, availabilityExpiresAt: expiresAt, layers } = record;
  return layers === undefined ? { availability, statusText, expiresAt } : strongestOfLayers(layers);
}

/** What would be shown of its user, were the user not hidden. */
export const strongestUnhidden = (record: Layered): Strongest =>
  strongestOfLayers(withoutInvisible(layersOf(record)));

/** What services say of its user, were the user not hidden. */
export const strongestClaim = (record: Layered): Strongest =>
  strongestOfLayers(withoutInvisible({ ...layersOf(record), standing: PLAIN, timed: null }));

/** The next date at which one of the layers ends; Infinity: never. */
export function nextEndOf({ availabilityExpiresAt, layers }: Layered): number {
  if (layers === undefined) return availabilityExpiresAt ?? Number.POSITIVE_INFINITY;
  const ends = [layers.timed, ...layers.services].map(
    (layer) => layer?.expiresAt ?? Number.POSITIVE_INFINITY,
  );
  return Math.min(...ends);
}

function isSameLayers(a: Layers, b: Layers): boolean {
  return (
    isSame(a.standing, b.standing) &&
    isSame(a.timed, b.timed) &&
    a.services.length === b.services.length &&
    a.services.every((claim, index) => isSame(claim, b.services[index] ?? null))
  );
}

function isSame<T extends Choice>(a: T | null, b: T | null): boolean {
  if (a === null || b === null) return a === b;
  for (const field in a) if (a[field] !== b[field]) return false;
  return true;
}
