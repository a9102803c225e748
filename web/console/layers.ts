import type { Choice, Explanation } from "./wire.ts";

/** One layer of a person's availability. */
export interface Layer {
  name: string;
  /** null: nothing was chosen there */
  choice: Choice | null;
  /** it is the strongest: what others see comes from it */
  applies: boolean;
}

const STRENGTH: Record<Choice["availability"], number> = { available: 0, busy: 1, dnd: 2, invisible: 3 };

/** The layers of a person's availability, and which of them applies (CONTRACT 5). */
export function layersOf({ standing, timed, services }: Explanation["choices"]): Layer[] {
  const layers = [
    { name: "Standing choice", choice: { ...standing, expiresAt: null } },
    { name: "Timed choice", choice: timed },
    ...services.map(({ source, ...claim }) => ({ name: `Service ${source}`, choice: claim })),
  ];
  const applied = appliedLayer({ standing, timed, services });
  return layers.map((layer, index) => ({ ...layer, applies: index === applied }));
}

function appliedLayer({ standing, timed, services }: Explanation["choices"]): number {
  if (standing.availability === "invisible") return 0;
  if (timed !== null) return 1;
  const isPlain = standing.availability === "available" && standing.statusText === null;
  if (!isPlain || services.length === 0) return 0;
  // Of claims that are equally strong the newer one counts, which comes later.
  const strengths = services.map(({ availability }) => STRENGTH[availability]);
  return 2 + strengths.lastIndexOf(Math.max(...strengths));
}
