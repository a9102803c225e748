import type { Bus } from "@meeshy/shared/ports/bus";
import type { Timer } from "@meeshy/shared/ports/clock";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { STREAM_STATUS, statusSetSubject } from "@meeshy/shared/subjects";
import type { UserRecord } from "../core/record.ts";
import type { StatusWriter } from "./status-writer.ts";

/** Takes the last status of deleted people out of the stream, once every gateway has had time to read it. */
export interface Erasures {
  begin(erased: UserRecord): void;
  stop(): void;
}

export interface ErasureDeps {
  bus: Bus;
  statuses: StatusWriter;
  /** the record of a user as it is now */
  recordOf: (userId: string) => UserRecord | undefined;
  logger: Logger;
}

/** Gateways look at the stream's end once a second; what was taken out before is missed for good. */
const READ_WITHIN_MS = 5_000;
const RETRY_MS = 1_000;

/** What is left when the process ends expires with the stream's own age limit: it names nobody. */
export function createErasures({ bus, statuses, recordOf, logger }: ErasureDeps): Erasures {
  const timers = new Map<string, Timer>();

  const after = (ms: number, erased: UserRecord) => {
    timers.get(erased.userId)?.cancel();
    timers.set(
      erased.userId,
      bus.clock.after(ms, () => void purge(erased)),
    );
  };

  const purge = async (erased: UserRecord) => {
    const { userId } = erased;
    timers.delete(userId);
    const record = recordOf(userId);
    if (record && record.seq > erased.seq) return; // somebody new under the old id
    try {
      await statuses.settled([userId]);
      await bus.purge(STREAM_STATUS, { filter: statusSetSubject(userId) });
    } catch (error) {
      logger.warn({ err: error }, "last status of a deleted user not erased yet");
      after(RETRY_MS, erased);
    }
  };

  return {
    begin: (erased) => after(READ_WITHIN_MS, erased),
    stop() {
      for (const timer of timers.values()) timer.cancel();
    },
  };
}
