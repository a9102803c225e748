/**
 * What is known of a canary: whether it is there, and what viewers are shown of it (ADR 0027). Pure; moments are this
 * process' own monotonic ms.
 */

export const CANARY_CHANGES = ["connect", "leave"] as const;
export type CanaryChange = (typeof CANARY_CHANGES)[number];

export interface CanaryState {
  /** it is there, in truth */
  readonly isPresent: boolean;
  /** since when viewers are shown something else; null: they are shown what is true */
  readonly wrongSince: number | null;
  /** the change that has not been seen yet; null: every one has */
  readonly change: CanaryChange | null;
  /** up to when time was counted */
  readonly countedTo: number;
}

/** What a look has found, ms. */
export interface CanarySight {
  /** the change that is seen now, and how long that took */
  seen: { change: CanaryChange; ms: number } | null;
  /** of the time that this look counts: all of it, and what of it was false, beyond {@link ALLOWED_MS} */
  observedMs: number;
  falseMs: number;
}

/** `again`: what it is has to be written into the log once more. */
export type CanaryStep = CanaryChange | "again" | null;

/** For so long after a change it may be unseen, or something else be shown, before time counts as false. */
const ALLOWED_MS = 1_000;
/** A look counts at most so much: a process that stood still for longer knows nothing of that time. */
const LOOK_COUNTS_MS = 5_000;
/** So long after its last event it is written again, as the connections of people are compared with their records. */
const AGAIN_AFTER_MS = 300_000;

export const absentCanary = (now: number): CanaryState => ({
  isPresent: false,
  wrongSince: null,
  change: null,
  countedTo: now,
});

/** The canary has connected or left just now; what was before has been looked at. */
export const changeCanary = (state: CanaryState, change: CanaryChange, now: number): CanaryState => ({
  ...state,
  isPresent: change === "connect",
  change,
  wrongSince: now,
});

/** Compares what is true with what viewers are shown now, and counts the time since the look before. */
export function lookAtCanary(
  before: CanaryState,
  { now, isShown }: { now: number; isShown: boolean },
): { state: CanaryState; sight: CanarySight } {
  const { isPresent, wrongSince, change } = before;
  const from = Math.max(before.countedTo, now - LOOK_COUNTS_MS);
  const falseFrom = wrongSince === null ? now : Math.max(from, wrongSince + ALLOWED_MS);
  const isRight = isShown === isPresent;
  const sight: CanarySight = {
    seen: isRight && change !== null && wrongSince !== null ? { change, ms: now - wrongSince } : null,
    observedMs: now - from,
    falseMs: Math.max(0, now - falseFrom),
  };
  const state = { isPresent, countedTo: now };
  if (isRight) return { state: { ...state, change: null, wrongSince: null }, sight };
  return { state: { ...state, change, wrongSince: wrongSince ?? now }, sight };
}

/**
 * What is to be done when a change is due: none before the last one is seen, so that an outage leaves one event behind.
 * `isLogged`: whether the log has its connection. One that waits for the log is written again, in the place of the one
 * that waits: a connect that has waited for long brings no one online.
 */
export function nextCanaryStep(
  { isPresent, wrongSince }: CanaryState,
  { now, shouldBePresent, isLogged }: { now: number; shouldBePresent: boolean; isLogged: boolean },
): CanaryStep {
  if (wrongSince !== null)
    return (isPresent && !isLogged) || now - wrongSince >= AGAIN_AFTER_MS ? "again" : null;
  if (isPresent === shouldBePresent) return null;
  return shouldBePresent ? "connect" : "leave";
}
