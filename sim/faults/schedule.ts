import type { World } from "../world/world.ts";
import { KINDS } from "./catalogue.ts";
import type { Excuses, Fault } from "./kind.ts";

/** A fault that began, and when it was over; world time, ms. */
export interface Trouble {
  name: string;
  kind: string;
  from: number;
  /** infinite while it lasts */
  until: number;
  excuses: Partial<Excuses>;
}

export interface Schedule {
  troubles: readonly Trouble[];
  /** No fault begins any more; those that last end now. */
  stop(): void;
}

/** Begins faults, one after the other and sometimes two at once, as the seed decides. */
export function scheduleFaults(
  world: World,
  { firstAfterMs, only }: { firstAfterMs: number; only?: string },
): Schedule {
  const { scheduler, random, profile } = world;
  const troubles: Trouble[] = [];
  const lasting = new Map<Trouble, Fault>();
  let stopped = false;
  const kinds = only === undefined ? KINDS : KINDS.filter(({ name }) => only.split(",").includes(name));
  const least = only === undefined ? 0 : 1;
  const weights = Object.fromEntries(
    kinds.map(({ name, weight }) => [name, Math.max(least, weight[profile.name])]),
  );

  const over = (trouble: Trouble) => {
    const fault = lasting.get(trouble);
    if (!lasting.delete(trouble) || !fault) return;
    fault.end();
    trouble.until = scheduler.now();
    if (fault.lastsMs > 0) world.say(`over: ${fault.name}`);
  };
  const begin = () => {
    const name = random.weighed(weights);
    const fault = kinds.find((kind) => kind.name === name)?.make(world, random);
    if (fault) {
      const from = scheduler.now();
      const trouble = {
        name: fault.name,
        kind: name,
        from,
        until: Number.POSITIVE_INFINITY,
        excuses: fault.excuses,
      };
      troubles.push(trouble);
      lasting.set(trouble, fault);
      world.say(`fault: ${fault.name}, for ${(fault.lastsMs / 1_000).toFixed(1)} s`);
      fault.begin();
      scheduler.after(fault.lastsMs, () => over(trouble));
    }
    next(random.next() < 0.2 ? profile.faultLastsMs : profile.faultEveryMs);
  };
  const next = ([low, high]: readonly [number, number]) => {
    scheduler.after(random.between(low, high), () => {
      if (!stopped) begin();
    });
  };
  scheduler.after(firstAfterMs, () => next(profile.faultEveryMs));
  return {
    troubles,
    stop() {
      stopped = true;
      for (const trouble of [...lasting.keys()]) over(trouble);
    },
  };
}
