/**
 * The time, chance and identity that a process works with. Everything that decides about presence takes them from
 * here, so that months can be simulated: a simulated process has a clock with a rate, steps and stalls of its own.
 */
export interface Clock {
  /** Monotonic, ms; only differences mean anything. */
  now(): number;
  /** ms since 1970, for people to read. It may be wrong: no decision about presence may depend on it. */
  wall(): number;
  /** Calls `run` once, after `ms`. */
  after(ms: number, run: () => void): Timer;
  /** Calls `run` every `ms`. */
  every(ms: number, run: () => void): Timer;
  /** Resolves after `ms`, or as soon as `signal` is aborted; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Resolves once other work of the process had its turn. */
  turn(): Promise<void>;
  /** A number from 0 up to, but not including, 1. */
  random(): number;
  /** A new identifier: a version 4 UUID. */
  id(): string;
}

export interface Timer {
  /** `run` is not called any more; after the last call it changes nothing. */
  cancel(): void;
}
