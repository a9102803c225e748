import { fromBytesOrNone } from "@meeshy/shared/nats/last-value";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Timer } from "@meeshy/shared/ports/clock";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { STREAM_STATUS, statusSetSubject } from "@meeshy/shared/subjects";
import { z } from "zod";
import type { UserRecord } from "../core/record.ts";
import type { StatusWriter } from "./status-writer.ts";

/**
 * Takes the last status of deleted people out of the stream, once every gateway has had time to read it, also after a
 * break: one that could not read for about as long reads the whole stream anew.
 */
export interface Erasures {
  begin(erased: UserRecord): void;
  stop(): void;
}

export interface ErasureDeps {
  bus: Pick<Bus, "clock" | "lastValue" | "purge">;
  statuses: Pick<StatusWriter, "settled">;
  /** how long it stays, ms */
  keptMs: number;
  logger: Logger;
}

const RETRY_MS = 1_000;

/** A status of a deleted account, and of no one who has the id since. */
const namelessSchema = z.object({
  username: z.null(),
  conversationIds: z.array(z.string()).length(0),
  isOnline: z.literal(false),
});

/** What is left when the process ends expires with the stream's own age limit: it has no name and no dates in it. */
export function createErasures({ bus, statuses, keptMs, logger }: ErasureDeps): Erasures {
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
    const subject = statusSetSubject(userId);
    try {
      await statuses.settled([userId]);
      const last = await bus.lastValue(STREAM_STATUS, subject);
      // Someone may have the id by now; who comes between these two questions is stored behind what is purged.
      if (last === undefined || !namelessSchema.safeParse(fromBytesOrNone(last.data)).success) return;
      await bus.purge(STREAM_STATUS, { filter: subject, below: last.seq + 1 });
    } catch (error) {
      logger.warn({ err: error }, "last status of a deleted user not erased yet");
      after(RETRY_MS, erased);
    }
  };

  return {
    begin: (erased) => after(keptMs, erased),
    stop() {
      for (const timer of timers.values()) timer.cancel();
    },
  };
}
