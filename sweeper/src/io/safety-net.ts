import { createGate } from "@meeshy/shared/nats/gate";
import { toBytes } from "@meeshy/shared/nats/last-value";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { StaleBounds, StaleOnline, StalePage } from "@meeshy/shared/ports/presence-rows";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { eventSubject } from "@meeshy/shared/subjects";
import { versioned } from "@meeshy/shared/versions";
import { toWritable } from "@meeshy/shared/writable-event";

/** Which of the users whom the database holds online a sweep examines. */
type Scope = "stale" | "everyone";

export interface Cleanup {
  /** ms since 1970, for people to read */
  at: number;
  durationMs: number;
}

/**
 * The database's safety net: writes a `look` into the log for every stale online row; the user's actor then corrects the
 * row (ARCHITECTURE "sweeper").
 */
export interface SafetyNet {
  /**
   * Writes a `look` for each stale user of one page, or for every online one, and gives their ids. A sweep of the stale
   * goes on where the one before ended, and after the last page from the first: users who stay stale, since a service
   * keeps them online, keep no one from being looked at. Of every online one those are left out whose row was written in
   * the epoch `known`. Rejects when the database does not answer.
   */
  sweep(scope?: Scope, known?: KnownEpoch): Promise<string[]>;
  /** the last sweep that the database answered */
  last(): Cleanup | null;
}

type KnownEpoch = StaleBounds["notWrittenIn"];

/** The users of one page, behind the id `after`. */
export type ReadStale = (
  scope: Scope,
  bounds: Required<Pick<StaleBounds, "after" | "notWrittenIn">>,
) => Promise<StalePage>;

/** Looks on their way to the log, at most: more would outlast the time in which acks are waited for. */
const LOOKS_AT_ONCE = 1_000;

export function createSafetyNet(
  bus: Bus,
  readStale: ReadStale,
  onSwept: (cleanup: Cleanup) => void,
  logger: Logger,
): SafetyNet {
  const { clock } = bus;
  const gate = createGate(LOOKS_AT_ONCE);
  let last: Cleanup | null = null;
  /** the id behind which the next sweep of the stale begins */
  let nextStale = "";

  const look = async ({ userId, profile }: StaleOnline) => {
    await bus.acks.publish(
      eventSubject("sweep", userId),
      toBytes(versioned("logMessage", { event: toWritable({ type: "look", profile }) })),
    );
  };

  return {
    async sweep(scope = "stale", known) {
      const startedAt = clock.now();
      const userIds: string[] = [];
      const failures: PromiseRejectedResult[] = [];
      let after = scope === "stale" ? nextStale : "";
      do {
        const { people, next } = await readStale(scope, { after, notWrittenIn: known });
        after = next ?? "";
        // At once: an administrator's sweep that begins meanwhile takes the next page.
        if (scope === "stale") nextStale = after;
        const looks = await Promise.allSettled(people.map((user) => gate.run(() => look(user))));
        failures.push(...looks.filter((result) => result.status === "rejected"));
        userIds.push(...people.map(({ userId }) => userId));
      } while (scope === "everyone" && after !== "");
      last = { at: clock.wall(), durationMs: Math.round(clock.now() - startedAt) };
      onSwept(last);
      logger.info(
        { scope, examined: userIds.length, failed: failures.length, err: failures[0]?.reason, ...last },
        "[CLEANUP] online users looked at",
      );
      return userIds;
    },
    last: () => last,
  };
}
