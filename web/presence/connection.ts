import type { ErrorBody } from "./wire.ts";

/**
 * What keeps the picture from being right (CONTRACT 4, `presence:stale`); one of a later server reads as `feed`.
 * `no-answer`: the client's own finding, the gateway does not answer.
 */
export type StaleReason = "feed" | "not-processing" | "storage" | "no-answer";

/** Why a connection is over. `closed`: by an administrator. */
export type EndReason = "left" | "replaced" | "expired" | "closed";

/** Where the connection stands, as pure transitions. */
export type ConnectionState =
  /** No connection, or one without a snapshot yet. `held`: it was live moments ago. */
  | { phase: "connecting"; held: boolean }
  | { phase: "live" }
  /** The picture may be wrong from `since` on. `recovering`: it is right on the server again, the fresh snapshot is on its way. */
  | { phase: "stale"; since: string; reason: StaleReason; recovering: boolean }
  /** The server refused, or excludes who was connected; tried again by itself when `error.retryable`. `held` as above. */
  | { phase: "refused"; error: ErrorBody; held: boolean }
  /** Over until the application connects again. */
  | { phase: "ended"; reason: EndReason };

export type ConnectionEvent =
  | { type: "opening" }
  | { type: "snapshot" }
  | { type: "stale"; since: string; reason?: string | undefined }
  | { type: "fresh" }
  | { type: "silent"; since: string }
  | { type: "answered" }
  | { type: "lost" }
  | { type: "hold elapsed" }
  | { type: "refused"; error: ErrorBody }
  | { type: "ended"; reason: EndReason };

export const INITIAL_CONNECTION: ConnectionState = { phase: "connecting", held: false };

/** The state after `event`; the very same state when it changes nothing. */
export function advance(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  switch (event.type) {
    case "opening":
      return state.phase === "connecting" ? state : INITIAL_CONNECTION;
    case "snapshot":
      // A gateway without its feed greets with what it last knew.
      return state.phase === "live" || isStaleOnServer(state) ? state : { phase: "live" };
    case "stale":
      return { phase: "stale", since: event.since, reason: reasonOf(event.reason), recovering: false };
    case "fresh":
      return isStaleOnServer(state) ? { ...state, recovering: true } : state;
    case "silent":
      return state.phase === "live"
        ? { phase: "stale", since: event.since, reason: "no-answer", recovering: false }
        : state;
    case "answered":
      return state.phase === "stale" && state.reason === "no-answer" ? { phase: "live" } : state;
    case "lost":
      if (state.phase === "live") return { phase: "connecting", held: true };
      return state.phase === "stale" ? INITIAL_CONNECTION : state;
    case "hold elapsed":
      return "held" in state && state.held ? { ...state, held: false } : state;
    case "refused":
      return { phase: "refused", error: event.error, held: event.error.retryable && isFeedLive(state) };
    case "ended":
      // The first reason is the real one: a plain close follows each of the others.
      return state.phase === "ended" ? state : { phase: "ended", reason: event.reason };
  }
}

type Stale = Extract<ConnectionState, { phase: "stale" }>;

const isStaleOnServer = (state: ConnectionState): state is Stale =>
  state.phase === "stale" && !state.recovering && state.reason !== "no-answer";

const REASONS: readonly StaleReason[] = ["feed", "not-processing", "storage"];

/** Servers of before give none: they knew of the feed alone. */
const reasonOf = (given: string | undefined): StaleReason =>
  REASONS.find((reason) => reason === given) ?? "feed";

/** Whether `isOnline` may be believed as it stands. A moment without a connection does not age the picture. */
export function isFeedLive(state: ConnectionState): boolean {
  return state.phase === "live" || ("held" in state && state.held);
}
