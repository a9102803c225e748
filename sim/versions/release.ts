import type { Bus } from "@meeshy/shared/ports/bus";
import type { Format } from "@meeshy/shared/versions";
import { createEarlier } from "./earlier.ts";
import { createLater, LENIENT, STRICT } from "./later.ts";
import { translateBus } from "./translated-bus.ts";

/**
 * Which release a process is of: this one; yesterday's; tomorrow's, which adds to formats; or a later one, of which
 * this one cannot read leases and epochs.
 */
export type Release = "present" | "earlier" | "later" | "incompatible";

/** The releases that work beside each other for as long as they like. */
export const SIDE_BY_SIDE: readonly Release[] = ["present", "earlier", "later"];

const RAISES = 0.5;

/** The bus as a process of the release uses it. */
export function busOf(release: Release, bus: Bus): Bus {
  const { random, now } = bus.clock;
  if (release === "present") return bus;
  if (release === "earlier") return translateBus(bus, createEarlier());
  const lenient = random() < RAISES ? LENIENT : [];
  const raises = new Set<Format>(release === "incompatible" ? [...LENIENT, ...STRICT] : lenient);
  return translateBus(bus, createLater({ random, now, raises }));
}
