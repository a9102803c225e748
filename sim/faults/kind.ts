import type { Random } from "../../chaos/random.ts";
import type { Role, Running, Slot, World } from "../world/world.ts";

/** What a fault keeps from being right while it lasts, and until the world has settled after it. */
export interface Excuses {
  /** people who are there may not be shown */
  shown: boolean;
  /** people who are gone may still be shown */
  gone: boolean;
  /** dates may be wrong */
  dates: boolean;
  /** what had been stored is lost: any user may be declared offline for a moment */
  loss: boolean;
  /** the log is lost or put back: what was written lately may not have been read */
  log: boolean;
  /** records are lost or put back: what they remember may be forgotten */
  records: boolean;
  /** the process whose sockets may be taken for lost; undefined: none */
  gateway: string | undefined;
}

export interface Fault {
  name: string;
  lastsMs: number;
  excuses: Partial<Excuses>;
  begin(): void;
  end(): void;
}

export interface Kind {
  name: string;
  /** how often it is chosen, in each profile */
  weight: { storm: number; calm: number };
  /** `undefined`: it cannot happen now */
  make(world: World, random: Random): Fault | undefined;
}

export const HOUR = 3_600_000;
export const BOTH = { shown: true, gone: true };

export const lasts = ({ profile }: World, random: Random): number => {
  const [low, high] = profile.faultLastsMs;
  // Short ones are more frequent: most of what matters happens around the leases.
  return low * (high / low) ** random.next();
};

export const anySlot = (
  { slots }: World,
  random: Random,
  role?: Role,
): (Slot & { running: Running }) | undefined => {
  const up = slots.filter((slot) => slot.running && (role === undefined || slot.role === role));
  return up.length === 0 ? undefined : (random.pick(up) as Slot & { running: Running });
};

export const moment = (name: string, excuses: Partial<Excuses>, begin: () => void): Fault => ({
  ...{ name, lastsMs: 0, excuses, begin },
  end: () => {},
});

/** A fault of one process' link, or of the process itself. */
export const ofProcess = (
  name: string,
  weight: Kind["weight"],
  make: (
    slot: Slot & { running: Running },
    world: World,
    random: Random,
  ) => Omit<Fault, "excuses"> | undefined,
): Kind => ({
  name,
  weight,
  make(world, random) {
    const slot = anySlot(world, random);
    const fault = slot && make(slot, world, random);
    if (!slot || !fault) return undefined;
    return {
      ...fault,
      excuses: { ...BOTH, gateway: slot.role === "gateway" ? slot.running.name : undefined },
    };
  },
});
