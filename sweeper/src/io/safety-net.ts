import { createGate } from "@meeshy/shared/nats/gate";
import { toBytes } from "@meeshy/shared/nats/last-value";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { StaleOnline } from "@meeshy/shared/ports/presence-rows";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { eventSubject } from "@meeshy/shared/subjects";
import { versioned } from "@meeshy/shared/versions";
import { toWritable } from "@meeshy/shared/writable-event";

/** Which of the users whom the database holds online a sweep examines. */
export type Scope = "stale" | "everyone";

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
   * Writes a `look` for each stale user, or for every online one, and gives their ids. Rejects when the
   * database does not answer.
   */
  sweep(scope?: Scope): Promise<string[]>;
  /** the last sweep that the database answered */
  last(): Cleanup | null;
}

/** Looks on their way to the log, at most: more would outlast the time in which acks are waited for. */
const LOOKS_AT_ONCE = 1_000;

export function createSafetyNet(
  bus: Bus,
  readStale: (scope: Scope) => Promise<readonly StaleOnline[]>,
  onSwept: (cleanup: Cleanup) => void,
  logger: Logger,
): SafetyNet {
  const { clock } = bus;
  const gate = createGate(LOOKS_AT_ONCE);
  let last: Cleanup | null = null;

  const look = async ({ userId, profile }: StaleOnline) => {
    await bus.acks.publish(
      eventSubject("sweep", userId),
      toBytes(versioned("logMessage", { event: toWritable({ type: "look", profile }) })),
    );
  };

  return {
    async sweep(scope = "stale") {
      const startedAt = clock.now();
      const stale = await readStale(scope);
      const looks = await Promise.allSettled(stale.map((user) => gate.run(() => look(user))));
      const failures = looks.filter((result) => result.status === "rejected");
      last = { at: clock.wall(), durationMs: Math.round(clock.now() - startedAt) };
      onSwept(last);
      logger.info(
        { scope, examined: stale.length, failed: failures.length, err: failures[0]?.reason, ...last },
        "[CLEANUP] online users looked at",
      );
      return stale.map(({ userId }) => userId);
    },
    last: () => last,
  };
}
