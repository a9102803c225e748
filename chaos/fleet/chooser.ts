import { type Choice, STANDING, TIMED } from "../oracle/history.ts";
import type { Backend } from "./backend.ts";
import type { Behaviour } from "./behaviour.ts";
import type { KeeperOptions } from "./keeper.ts";

const PAUSE_MS = [1_500, 6_000] as const;
const LASTS_MS = [1_500, 9_000] as const;
const SOURCES = ["calendar", "call", "focus"];
const HABITS = {
  stand: 3,
  hide: 2,
  time: 3,
  "hide a while": 1,
  "end timed": 1,
  claim: 4,
  "end claim": 1,
} as const;
const AVAILABILITIES = { available: 3, busy: 2, dnd: 2 } as const;
const TEXTS = [null, null, "in a call", "back soon"];
/** Of claims, this share has no end of its own. */
const ENDLESS = 0.3;

export interface ChooserOptions extends KeeperOptions {
  gateways: readonly string[];
}

/** Chooses again and again what a person is shown as, as the person and as services do. */
export function createChooser(options: ChooserOptions): Behaviour {
  const { userId, gateways, backend, recorder, random, isPaused } = options;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;

  const choice = (availability: string = random.weighed(AVAILABILITIES)): Choice => ({
    availability,
    statusText: random.pick(TEXTS),
  });
  const order = async (
    slot: string,
    value: Choice | null,
    lastsMs: number | null,
    send: (backend: Backend) => Promise<boolean>,
  ) => {
    const done = recorder.orderChoice({ userId, slot, value, lastsMs });
    if (await send(backend)) done();
  };
  const own = (slot: string, value: Choice | null, lastsMs: number | null) => {
    const gateway = random.pick(gateways);
    return order(slot, value, lastsMs, (to) => to.choose(userId, gateway, value, lastsMs));
  };
  const claim = (value: Choice | null, lastsMs: number | null) => {
    const source = random.pick(SOURCES);
    return order(source, value, lastsMs, (to) => to.claim(userId, source, value, lastsMs));
  };
  const duration = () => Math.round(random.between(...LASTS_MS));

  const choose = (): Promise<void> => {
    switch (random.weighed(HABITS)) {
      case "stand":
        return own(STANDING, choice(), null);
      case "hide":
        return own(STANDING, choice("invisible"), null);
      case "time":
        return own(TIMED, choice(), duration());
      case "hide a while":
        return own(TIMED, choice("invisible"), duration());
      case "end timed":
        return own(TIMED, null, null);
      case "claim":
        return claim(choice(), random.next() < ENDLESS ? null : duration());
      case "end claim":
        return claim(null, null);
    }
  };
  const goOn = () => {
    if (!isStopped) timer = setTimeout(() => void live(), random.between(...PAUSE_MS));
  };
  const live = async () => {
    if (!isPaused()) await choose();
    goOn();
  };
  goOn();

  const stop = () => {
    isStopped = true;
    clearTimeout(timer);
  };
  return { calm: stop, stop };
}
