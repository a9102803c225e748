import { z } from "zod";
import { type Bus, PublishRefused } from "../ports/bus.ts";
import type { Logger } from "../runtime/logger.ts";
import { BUCKET_LEASES, leaseKeys, PARTITIONS } from "../subjects.ts";
import { versioned } from "../versions.ts";
import { compareAndSet, fromBytesOrNone, toBytes } from "./last-value.ts";
import { bucketStream, keySubject } from "./streams.ts";
import { untilAnswered } from "./until-answered.ts";

const settingsSchema = z.object({ partitions: z.number() });

/** So often others may come first, or a server refuse: in a cluster it does so while another write of the key is under way. */
const ATTEMPTS = 10;
const RETRY_MS = 200;

/**
 * Compares what all processes have to agree on with what the first of them stored; stores it when none has.
 * What cannot be read is logged and left alone (ADR 0013).
 * @throws {Error} they do not agree: users would have two owners, or none
 * @throws {RequestTimeout} no answer to the read for 30 s ({@link untilAnswered})
 * @throws {AckLost} no answer to the write for 30 s: it may be stored
 * @throws {PublishRefused} the write was refused ten times in two seconds
 */
export function agreeOnSettings(bus: Bus, logger: Logger, partitions = PARTITIONS): Promise<void> {
  return untilAnswered(bus, () => compareOrStore(bus, logger, partitions), logger);
}

async function compareOrStore(bus: Bus, logger: Logger, partitions: number): Promise<void> {
  const subject = keySubject(BUCKET_LEASES, leaseKeys.settings);
  for (let attempt = 1; ; attempt++) {
    const last = await bus.lastValue(bucketStream(BUCKET_LEASES), subject, "leader");
    if (last !== undefined && !last.deleted) {
      const stored = settingsSchema.safeParse(fromBytesOrNone(last.data)).data;
      if (stored === undefined)
        logger.error({ key: leaseKeys.settings, revision: last.seq }, "shared settings are not readable");
      else if (stored.partitions !== partitions)
        throw new Error(
          `this release spreads people over ${partitions} partitions, the processes that run over ${stored.partitions} (key ${leaseKeys.settings} of ${BUCKET_LEASES})`,
        );
      return;
    }
    try {
      await compareAndSet(bus, subject, toBytes(versioned("settings", { partitions })), last?.seq ?? 0);
      return;
    } catch (error) {
      if (!(error instanceof PublishRefused) || attempt === ATTEMPTS) throw error;
      await bus.clock.sleep(RETRY_MS);
    }
  }
}
