import { Heap, type Timed } from "./heap.ts";

/** Whose callbacks an event runs: while it is paused they wait, once it is dead they never run. */
export interface Owner {
  readonly name: string;
  isAlive(): boolean;
  /** Keeps the event when the owner is paused; `false`: it is to run now. */
  holds(event: Event): boolean;
}

export interface Event extends Timed {
  readonly owner: Owner | undefined;
  readonly run: () => void;
  cancelled: boolean;
}

/**
 * Virtual time. One callback runs, then everything that follows from it without waiting (its microtasks), then the
 * next callback: the order depends on times and on the order of scheduling alone, so a run can be repeated.
 */
export interface Scheduler {
  /** ms since the world began */
  now(): number;
  /** Runs `run` at this time, or as soon as possible. */
  at(time: number, run: () => void, owner?: Owner): Event;
  after(ms: number, run: () => void, owner?: Owner): Event;
  /** Puts an event that was held back into the queue, to run now. */
  resume(event: Event): void;
  /** Whose callback ran last: what is thrown outside of it is theirs. */
  current(): Owner | undefined;
  /** Runs events until `until` (ms), or until {@link Scheduler.halt}. */
  run(until: number): Promise<void>;
  halt(): void;
  /** events that ran so far */
  count(): number;
  /** Takes a value into the fingerprint of the run. */
  note(text: string): void;
  /** equal for equal runs */
  fingerprint(): string;
}

/** Callbacks in one turn of the real event loop, which drains the microtasks after each of them. */
const AT_ONCE = 256;

export function createScheduler(): Scheduler {
  const queue = new Heap<Event>();
  let now = 0;
  let order = 0;
  let count = 0;
  let hash = 0x811c9dc5;
  let current: Owner | undefined;
  let halted = false;

  const mix = (value: number) => {
    hash = Math.imul(hash ^ (value & 0xffff), 0x01000193);
    hash = Math.imul(hash ^ ((value / 0x10000) & 0xffff), 0x01000193);
  };
  const note = (text: string) => {
    for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  };

  const push = (time: number, run: () => void, owner: Owner | undefined): Event => {
    const event = { time: Math.max(now, time), order: order++, run, owner, cancelled: false };
    queue.push(event);
    return event;
  };

  /** Runs one event; `false` when none is left before `until`. */
  const step = (until: number): boolean => {
    for (;;) {
      const next = queue.peek();
      if (next === undefined || next.time > until || halted) return false;
      queue.pop();
      if (next.cancelled || (next.owner && !next.owner.isAlive())) continue;
      now = next.time;
      if (next.owner?.holds(next)) continue;
      count++;
      mix(Math.floor(now * 1_000) >>> 0);
      current = next.owner;
      next.run();
      return true;
    }
  };

  return {
    now: () => now,
    at: push,
    after: (ms, run, owner) => push(now + ms, run, owner),
    resume: (event) => {
      if (!event.cancelled) push(now, event.run, event.owner);
    },
    current: () => current,
    run: (until) =>
      new Promise((resolve) => {
        halted = false;
        let isOver = false;
        const one = () => {
          if (!isOver) isOver = !step(until);
        };
        const turn = () => {
          if (isOver) {
            if (!halted) now = Math.max(now, until);
            resolve();
            return;
          }
          for (let callbacks = 0; callbacks < AT_ONCE; callbacks++) setImmediate(one);
          setImmediate(turn);
        };
        turn();
      }),
    halt() {
      halted = true;
    },
    count: () => count,
    note,
    fingerprint: () => `${count}-${(hash >>> 0).toString(16)}`,
  };
}
