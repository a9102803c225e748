import type { Times } from "../oracle/history.ts";
import type { Random } from "../random.ts";
import type { Client } from "./client.ts";

/** What a person does with a client, all day long, only faster. */
export interface Behaviour {
  /** From now on nothing but an activity from time to time: the truth comes to rest. */
  calm(): void;
  stop(): void;
}

/** How often each thing is done. */
const HABITS = {
  act: 38,
  say: 14,
  refresh: 14,
  leave: 10,
  close: 9,
  vanish: 6,
  freeze: 6,
  idle: 3,
} as const;

/** Pauses between two things that one client does, ms. */
const PAUSE_MS = [1_500, 6_000] as const;
const CALM_PAUSE_MS = [3_000, 5_000] as const;
/** A reload takes at least this, and at most half of the grace. */
const RELOAD_MS = 50;
const AWAY_MS = [300, 9_000] as const;
/** Whose machine froze takes another, or looks at a frozen screen until everyone knows. */
const FROZEN_MS = [200, 9_000] as const;
/** Idle people stay away for what it takes to be shown so, and this. */
const IDLE_EXTRA_MS = [500, 6_000] as const;

export function createBehaviour(
  client: Client,
  rooms: readonly string[],
  times: Times,
  random: Random,
): Behaviour {
  let isCalm = false;
  let timer: NodeJS.Timeout | undefined;

  const after = (ms: number, next: () => void) => {
    timer = setTimeout(next, ms);
  };
  const goOn = () => {
    const [least, most] = isCalm ? CALM_PAUSE_MS : PAUSE_MS;
    after(random.between(least, most), live);
  };
  const comeBackAfter = (ms: number) =>
    after(ms, () => {
      client.connect();
      goOn();
    });

  const live = () => {
    if (!client.isConnected()) {
      goOn();
      return;
    }
    if (isCalm) {
      client.act();
      goOn();
      return;
    }
    switch (random.weighed(HABITS)) {
      case "act":
        client.act();
        return goOn();
      case "say":
        if (rooms.length > 0) client.say(random.pick(rooms));
        return goOn();
      case "refresh":
        client.end("closed");
        return comeBackAfter(random.between(RELOAD_MS, times.graceMs / 2));
      case "leave":
        client.end("left");
        return comeBackAfter(random.between(...AWAY_MS));
      case "close":
        client.end("closed");
        return comeBackAfter(random.between(...AWAY_MS));
      case "vanish":
        client.end("vanished");
        return comeBackAfter(random.between(...AWAY_MS));
      case "freeze":
        client.end("frozen");
        return comeBackAfter(random.between(...FROZEN_MS));
      case "idle":
        return after(times.thresholdMs + times.graceMs + random.between(...IDLE_EXTRA_MS), live);
    }
  };
  goOn();

  return {
    calm() {
      isCalm = true;
      clearTimeout(timer);
      goOn();
    },
    stop: () => clearTimeout(timer),
  };
}
