import type { Sample, Tools } from "../scenario.ts";
import { RedisMissing } from "../systems/redis-binary.ts";
import type { SystemKind } from "../systems/system.ts";

/** Measures A B A B, so that what the machine does meanwhile hits all alike. A peer that cannot run is left out, and named. */
export async function eachRound(
  { rounds, say }: Tools,
  kinds: readonly SystemKind[],
  measure: (kind: SystemKind) => Promise<Sample>,
): Promise<{ samples: Sample[]; notes: string[] }> {
  const samples: Sample[] = [];
  const missing = new Map<SystemKind, string>();
  for (let round = 1; round <= rounds; round++) {
    for (const kind of kinds) {
      if (missing.has(kind)) continue;
      say(`round ${round} of ${rounds}: ${kind}`);
      try {
        samples.push(await measure(kind));
      } catch (error) {
        if (!(error instanceof RedisMissing)) throw error;
        missing.set(kind, `${kind}: not measured, ${error.message}`);
      }
    }
  }
  return { samples, notes: [...missing.values()] };
}
