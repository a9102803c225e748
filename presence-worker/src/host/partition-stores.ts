import { epochSchema } from "@meeshy/shared/events";
import { fromBytesOrNone } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import {
  BUCKET_LEASES,
  BUCKET_STATE,
  leaseKeys,
  STREAM_EVENTS,
  STREAM_STATUS,
} from "@meeshy/shared/subjects";
import type { Written } from "../core/user-table.ts";
import { createRecordStore, type RecordStore, type WritePermit } from "../io/record-store.ts";
import { createStatusWriter, type StatusWriter } from "../io/status-writer.ts";
import type { HostDeps } from "./deps.ts";
import type { Claim } from "./lease.ts";

/** Where an owned partition writes its records and its statuses. */
export interface PartitionStores {
  records: RecordStore;
  statuses: StatusWriter;
  /** Ends the attempts under way: nothing is written any more. */
  close(): void;
}

/** The first statuses of an epoch have its position, which the log may just not have reached. */
const POSITIONS_AHEAD_MAX = 1_000;
const KEPT = "kept, since it is of a later event or release";
const REPLACED = "replaced by what is known here";

/** Both write only while the streams are those of the claim's epoch; a foreign value has the claim verified. */
export function createPartitionStores(
  { bus, writes: gate, epochs, metrics, tracer, report }: HostDeps,
  claim: Claim,
  logger: Logger,
  writtenOf: (userId: string) => Written | undefined,
): PartitionStores {
  const { partition } = claim;
  const { epoch } = claim.memory;
  const givenUp = Promise.withResolvers<never>();
  givenUp.promise.catch(() => {});
  const verify = () => void claim.verify().catch(() => {}); // while it cannot be read, the next foreign value asks again

  const writingTo = (stream: string): WritePermit => ({
    permit() {
      const permit = epochs.permit(epoch);
      // Without a link it is never granted: what is given up does not wait for it.
      return permit && Promise.race([permit, givenUp.promise]);
    },
    doubt: epochs.doubt,
    stored: (seq) => epochs.stored(stream, epoch, seq),
  });
  const records = createRecordStore({
    ...{ bus, partition, gate, logger, writtenOf },
    writing: writingTo(bucketStream(BUCKET_STATE)),
    onOversize: () => metrics.oversize("record"),
    onUnreadable(key, revision, isKept) {
      report("record", key, revision, isKept ? KEPT : REPLACED);
      if (isKept) verify();
    },
  });
  const statuses = createStatusWriter({
    ...{ bus, gate, tracer, partition, logger, writtenOf },
    writing: writingTo(STREAM_STATUS),
    onForeign: verify,
    async isForged(found) {
      if (!(await isBeyondLog(bus, found, epoch))) return false;
      const { userId, version } = found;
      logger.error(
        { userId, epoch: found.epoch, version },
        "a status beyond the end of the log is overwritten",
      );
      return true;
    },
    onOversize: () => metrics.oversize("status"),
    onUnreadable: (key, revision, isKept) => report("status", key, revision, isKept ? KEPT : REPLACED),
  });

  return {
    records,
    statuses,
    close() {
      statuses.close();
      records.close();
      givenUp.reject(new Error(`partition ${partition} was given up`));
    },
  };
}

/** Whether the log cannot have caused a status of this position, as seen in `epoch`: no owner wrote it. */
async function isBeyondLog(
  bus: Bus,
  found: { epoch: number; version: number },
  epoch: number,
): Promise<boolean> {
  if (found.epoch < epoch) return false;
  if (found.epoch === epoch)
    return found.version > (await bus.info(STREAM_EVENTS)).last + POSITIONS_AHEAD_MAX;
  const key = keySubject(BUCKET_LEASES, leaseKeys.epoch);
  const named = await bus.lastValue(bucketStream(BUCKET_LEASES), key, "leader");
  const known = named && epochSchema.safeParse(fromBytesOrNone(named.data)).data;
  return known !== undefined && found.epoch > known.epoch;
}
