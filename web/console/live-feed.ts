import type { ConsoleApi } from "./api.ts";
import { asFailure, type ConsoleError, isTokenRefused } from "./failure.ts";
import { createRates } from "./rates.ts";
import type { LiveTransition } from "./wire.ts";

/** A transition as it came, or a time in which some may have been missed. */
export type LiveRow =
  | { id: number; kind: "transition"; transition: LiveTransition }
  | { id: number; kind: "gap"; from: number; to: number };

export interface LiveView {
  phase: "off" | "connecting" | "live" | "lost";
  failure: ConsoleError | undefined;
  /** newest first, at most {@link ROWS_MAX} */
  rows: readonly LiveRow[];
  /** transitions in each of the last {@link RATE_SECONDS} seconds, oldest first */
  perSecond: readonly number[];
}

/** Transitions as they happen, from the first time that they are asked for until `stop`. */
export interface LiveFeed {
  subscribe(listener: () => void): () => void;
  view(): LiveView;
  /** Opens the stream; a second call does nothing. */
  start(): void;
  stop(): void;
}

export const ROWS_MAX = 500;
export const RATE_SECONDS = 60;
/** How often what has come is shown, ms: many transitions a second cost one rendering. */
const SHOW_EVERY_MS = 250;
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 15_000;

export const NO_TRANSITIONS: LiveView = {
  phase: "off",
  failure: undefined,
  rows: [],
  perSecond: Array.from({ length: RATE_SECONDS }, () => 0),
};

export function createLiveFeed(api: Pick<ConsoleApi, "transitions">, now: () => number): LiveFeed {
  const listeners = new Set<() => void>();
  const rates = createRates(RATE_SECONDS);
  let view = NO_TRANSITIONS;
  let rows: readonly LiveRow[] = [];
  let fresh: LiveRow[] = [];
  let ids = 0;
  let lostAt: number | undefined;
  let failures = 0;
  let abort: AbortController | undefined;
  let showing: ReturnType<typeof setInterval> | undefined;
  let retry: ReturnType<typeof setTimeout> | undefined;

  const set = (change: Partial<LiveView>) => {
    view = { ...view, ...change };
    for (const listener of [...listeners]) listener();
  };
  const show = () => {
    if (fresh.length > 0) rows = [...fresh.reverse(), ...rows].slice(0, ROWS_MAX);
    fresh = [];
    set({ rows, perSecond: rates.last(RATE_SECONDS, now()) });
  };

  const onOpen = () => {
    failures = 0;
    if (lostAt !== undefined) fresh.push({ id: ids++, kind: "gap", from: lostAt, to: now() });
    lostAt = undefined;
    set({ phase: "live", failure: undefined });
  };
  const onTransition = (transition: LiveTransition) => {
    rates.add(now());
    fresh.push({ id: ids++, kind: "transition", transition });
    // Those that would not be shown need not wait for it.
    if (fresh.length > ROWS_MAX) fresh = fresh.slice(-ROWS_MAX);
  };

  const listen = async (signal: AbortSignal) => {
    set({ phase: view.phase === "off" ? "connecting" : view.phase });
    let failure: ConsoleError | undefined;
    try {
      await api.transitions(onTransition, onOpen, signal);
    } catch (error) {
      failure = asFailure(error);
    }
    if (signal.aborted) return;
    if (view.phase === "live") lostAt = now();
    set({ phase: "lost", failure });
    if (failure && isTokenRefused(failure)) return;
    retry = setTimeout(() => void listen(signal), Math.min(RETRY_MS * 2 ** failures++, RETRY_MAX_MS));
  };

  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    view: () => view,
    start() {
      if (abort) return;
      abort = new AbortController();
      showing = setInterval(show, SHOW_EVERY_MS);
      void listen(abort.signal);
    },
    stop() {
      abort?.abort();
      abort = undefined;
      clearInterval(showing);
      clearTimeout(retry);
      set({ phase: "off" });
    },
  };
}
