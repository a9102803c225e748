import type { Directory, PresenceStore } from "../directory.ts";
import type { ChatStore } from "./chat-store.ts";
import type { Erasure } from "./erasure.ts";
import type { LogProgress } from "./log-progress.ts";
import type { PeopleList } from "./people-list.ts";
import type { PresenceRows } from "./presence-rows.ts";
import type { TransitionHistory } from "./transition-history.ts";

/**
 * What is kept outside the broker, by what it is kept for. Each call is one unit of work: it takes effect as a whole or
 * not at all, unless its comment names parts. A call rejects when the store does not answer, with
 * {@link StoreRefused} where its comment names it. `createPostgresStore` implements it; `createMemoryStore` does so for tests and
 * the simulation, and one contract suite holds both to the same behaviour.
 */
export interface Store {
  /** people, memberships and blocks, their changes (`writer`), and the stored part of presence */
  directory: Directory & PresenceStore;
  /** people with their stored presence, for operators */
  people: PeopleList;
  erasure: Erasure;
  presence: PresenceRows;
  history: TransitionHistory;
  progress: LogProgress;
  chat: ChatStore;
}

/** The store answers that it will never take this, as opposed to being away, busy or too slow. `cause`: its own error. */
export class StoreRefused extends Error {
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.name = "StoreRefused";
  }
}
