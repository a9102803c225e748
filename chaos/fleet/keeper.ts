import type { Random } from "../random.ts";
import type { Backend } from "./backend.ts";
import type { Behaviour } from "./behaviour.ts";
import type { Recorder } from "./recorder.ts";

/** The shortest that a session may be asked for (CONTRACT 7). */
const TTL_S = 30;
const KEEPS_ONLINE = 0.6;
const PAUSE_MS = [2_000, 10_000] as const;
const AWAY_MS = [500, 8_000] as const;
/** Who forgets a session waits until it has ended by itself, and this. */
const FORGOTTEN_MS = [TTL_S * 1_000 + 1_000, TTL_S * 1_000 + 8_000] as const;
const HABITS = { renew: 6, end: 3, forget: 1 } as const;

export interface KeeperOptions {
  userId: string;
  backend: Backend;
  recorder: Recorder;
  random: Random;
  /** nothing is ordered: a process runs that knows no sessions */
  isPaused(): boolean;
}

/** Keeps a person online without a socket, from time to time. A session of which it has no answer it leaves alone. */
export function createKeeper({ userId, backend, recorder, random, isPaused }: KeeperOptions): Behaviour {
  let count = 0;
  let isCalm = false;
  let isStopped = false;
  let timer: NodeJS.Timeout | undefined;
  let session: { id: string; keepOnline: boolean } | undefined;

  const after = ([least, most]: readonly [number, number]) => {
    if (!isStopped) timer = setTimeout(() => void live(), random.between(least, most));
  };
  const order = async ({ id, keepOnline }: { id: string; keepOnline: boolean }, ttlS: number) => {
    const done = recorder.orderSession({
      ...{
        userId,
        slot: id,
        value: ttlS === 0 ? null : { keepOnline },
        lastsMs: ttlS === 0 ? null : ttlS * 1_000,
      },
    });
    const isDone = await backend.session(userId, id, ttlS, keepOnline);
    if (isDone) done();
    return isDone;
  };

  const live = async (): Promise<void> => {
    if (isPaused()) return after(PAUSE_MS);
    if (!session) {
      if (isCalm) return;
      const next = { id: `${userId} ${++count}`, keepOnline: random.next() < KEEPS_ONLINE };
      if (await order(next, TTL_S)) session = next;
      return after(session ? PAUSE_MS : FORGOTTEN_MS);
    }
    const deed = isCalm ? (session.keepOnline ? "renew" : "end") : random.weighed(HABITS);
    const own = session;
    if (deed !== "renew") session = undefined;
    if (deed === "forget") return after(FORGOTTEN_MS);
    const isDone = await order(own, deed === "renew" ? TTL_S : 0);
    if (!isDone) session = undefined;
    after(isDone ? (deed === "renew" ? PAUSE_MS : AWAY_MS) : FORGOTTEN_MS);
  };
  after(AWAY_MS);

  return {
    calm: () => {
      isCalm = true;
    },
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}
