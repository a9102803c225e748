import type { Profile } from "@meeshy/shared/events";
import type { NatsLink } from "@meeshy/shared/nats/connect";
import { toBytes } from "@meeshy/shared/nats/last-value";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { eventSubject } from "@meeshy/shared/subjects";

/** Someone whom the database holds online although they have long shown no activity. */
export interface StaleUser {
  userId: string;
  profile: Profile;
}

export interface Cleanup {
  /** ms since 1970, for people to read */
  at: number;
  durationMs: number;
}

/**
 * The database's safety net: asks the actor of every stale online row for the truth, through the log
 * (DESIGN "sweeper").
 */
export interface SafetyNet {
  /** Writes a `look` for each stale user and gives their ids. Rejects when the database does not answer. */
  sweep(): Promise<string[]>;
  /** the last sweep that the database answered */
  last(): Cleanup | null;
}

export function createSafetyNet(
  link: NatsLink,
  readStale: () => Promise<readonly StaleUser[]>,
  onSwept: (cleanup: Cleanup) => void,
  logger: Logger,
): SafetyNet {
  let last: Cleanup | null = null;

  const look = async ({ userId, profile }: StaleUser) => {
    await link.acks.publish(eventSubject("sweep", userId), toBytes({ event: { type: "look", profile } }));
  };

  return {
    async sweep() {
      const startedAt = performance.now();
      const stale = await readStale();
      const looks = await Promise.allSettled(stale.map(look));
      const failures = looks.filter((result) => result.status === "rejected");
      last = { at: Date.now(), durationMs: Math.round(performance.now() - startedAt) };
      onSwept(last);
      logger.info(
        { examined: stale.length, failed: failures.length, err: failures[0]?.reason, ...last },
        "[CLEANUP] stale online users looked at",
      );
      return stale.map(({ userId }) => userId);
    },
    last: () => last,
  };
}
