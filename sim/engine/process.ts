import type { Clock, Timer } from "@meeshy/shared/ports/clock";
import type { Random } from "../../chaos/random.ts";
import type { Event, Owner, Scheduler } from "./scheduler.ts";

/** A simulated process: it has a clock of its own, can stand still, and can be killed between any two callbacks. */
export interface SimProcess extends Owner {
  readonly clock: Clock;
  /** How fast its clock runs: 1 is true. */
  setRate(rate: number): void;
  /** Moves its wall clock; the monotonic one does not notice. */
  stepWall(ms: number): void;
  /**
   * Nothing runs until {@link SimProcess.resume}: timers and messages wait. `stopsClock`: its monotonic clock stands still too, as in a
   * virtual machine that is moved.
   */
  pause(options?: { stopsClock?: boolean }): void;
  resume(): void;
  isPaused(): boolean;
  /** Nothing of it runs ever again: neither its timers nor what it awaits. */
  kill(): void;
}

export interface ProcessOptions {
  name: string;
  scheduler: Scheduler;
  random: Random;
  /** ms since 1970 at the beginning of the world, by its own wall clock */
  wallStart: number;
}

/** What a process' timers may be early by, ms, for the arithmetic of rates. */
const ROUNDING_MS = 1e-6;

export function createProcess({ name, scheduler, random, wallStart }: ProcessOptions): SimProcess {
  let alive = true;
  let paused = false;
  let clockStopped = false;
  let rate = 1;
  let wallOffset = 0;
  /** monotonic time `mono` was at world time `anchor` */
  let anchor = scheduler.now();
  let mono = 0;
  let held: Event[] = [];

  const now = () => (clockStopped ? mono : mono + (scheduler.now() - anchor) * rate);
  const rebase = () => {
    mono = now();
    anchor = scheduler.now();
  };

  const owner: Owner = {
    name,
    isAlive: () => alive,
    holds(event) {
      if (paused) held.push(event);
      return paused;
    },
  };

  /** The clock may have slowed down or stood still meanwhile: then the timer is not due yet. */
  const arm = (due: number, run: () => void): Timer => {
    let event: Event;
    const schedule = () => {
      event = scheduler.after(Math.max(0, due - now()) / rate, fire, owner);
    };
    const fire = () => {
      if (now() < due - ROUNDING_MS) schedule();
      else run();
    };
    schedule();
    return {
      cancel() {
        event.cancelled = true;
      },
    };
  };

  const clock: Clock = {
    now,
    wall: () => Math.round(wallStart + scheduler.now() + wallOffset),
    after: (ms, run) => arm(now() + Math.max(1, ms), run),
    every(ms, run) {
      let timer: Timer;
      let cancelled = false;
      const again = () => {
        timer = arm(now() + Math.max(1, ms), () => {
          again();
          run();
        });
        if (cancelled) timer.cancel();
      };
      again();
      return {
        cancel() {
          cancelled = true;
          timer.cancel();
        },
      };
    },
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) {
          resolve();
          return;
        }
        const abort = () => {
          timer.cancel();
          resolve();
        };
        const timer = clock.after(ms, () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        });
        signal?.addEventListener("abort", abort, { once: true });
      }),
    turn: () => new Promise((resolve) => void scheduler.after(0, resolve, owner)),
    random: random.next,
    id() {
      const hex = Array.from({ length: 32 }, () => Math.floor(random.next() * 16).toString(16)).join("");
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`;
    },
  };

  return Object.assign(owner, {
    clock,
    setRate(next: number) {
      rebase();
      rate = next;
    },
    stepWall(ms: number) {
      wallOffset += ms;
    },
    pause({ stopsClock = false } = {}) {
      rebase();
      paused = true;
      clockStopped = stopsClock;
    },
    resume() {
      if (!paused) return;
      if (clockStopped) anchor = scheduler.now();
      paused = false;
      clockStopped = false;
      const waiting = held;
      held = [];
      for (const event of waiting) scheduler.resume(event);
    },
    isPaused: () => paused,
    kill() {
      alive = false;
      held = [];
    },
  });
}
