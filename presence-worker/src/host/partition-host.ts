import { type Following, follow, type Stored } from "@meeshy/shared/nats/follow";
import { bucketStream } from "@meeshy/shared/nats/streams";
import {
  BUCKET_STATE,
  leaseKeys,
  partitionFilter,
  STREAM_EVENTS,
  STREAM_STATUS,
} from "@meeshy/shared/subjects";
import { faultOf } from "../core/epoch.ts";
import { type Change, createPartition, type Inbound } from "../core/partition.ts";
import { hasStatus, toRow, toStatusMessage } from "../core/projection.ts";
import type { OutOfStep } from "../core/publishers.ts";
import { intoEpoch, isRetained, type UserRecord } from "../core/record.ts";
import { createErasures } from "../io/erasures.ts";
import { commandGateway, reportOutOfStep } from "../io/gateway-commands.ts";
import { readEvent } from "../io/log-reader.ts";
import { createRecordStore } from "../io/record-store.ts";
import { createStatusWriter } from "../io/status-writer.ts";
import type { HistoryLine } from "../io/stored-record.ts";
import { createCheckpointer } from "./checkpointer.ts";
import type { HostDeps } from "./deps.ts";
import type { Claim } from "./lease.ts";

/** One owned partition at work: log in, statuses, records, rows and checkpoints out. */
export interface PartitionHost {
  partition: number;
  /** Resolves when the log has been read to its end and what it changed has been published. */
  caughtUp: Promise<void>;
  isCaughtUp(): boolean;
  counts(): { users: number; online: number; active: number; lag: number };
  /** Finishes what is under way, writes the last checkpoint and gives the partition up. */
  release(): Promise<void>;
  /** Stops at once: another owns the partition now, or the epoch is over. */
  abandon(): Promise<void>;
}

/** Times that ages are looked at before one is due. */
const LOOKS_TO_RENEW = 16;
const KEPT = "kept, since it is of a later event or release";
const REPLACED = "replaced by what is known here";

/** Reads the partition's records and log from its checkpoint on, and keeps at it until released. */
export async function startPartitionHost(deps: HostDeps, claim: Claim): Promise<PartitionHost> {
  const { bus, metrics, database, epochs, rules } = deps;
  const { partition: p, memory, storedUpTo } = claim;
  const logger = deps.logger.child({ partition: p });

  const writtenOf = (userId: string) => partition.written(userId);
  const givenUp = Promise.withResolvers<never>();
  givenUp.promise.catch(() => {});
  const writingTo = (stream: string) => ({
    permit() {
      const permit = epochs.permit(memory.epoch);
      // Without a link it is never granted: what is given up does not wait for it.
      return permit && Promise.race([permit, givenUp.promise]);
    },
    doubt: epochs.doubt,
    stored: (seq: number) => epochs.stored(stream, memory.epoch, seq),
  });
  const records = createRecordStore({
    bus,
    partition: p,
    gate: deps.writes,
    logger,
    writtenOf,
    writing: writingTo(bucketStream(BUCKET_STATE)),
    onOversize: () => metrics.oversize("record"),
    onUnreadable(key, revision, isKept) {
      deps.report("record", key, revision, isKept ? KEPT : REPLACED);
      if (isKept) void claim.verify();
    },
  });
  const statuses = createStatusWriter({
    bus,
    gate: deps.writes,
    logger,
    writtenOf,
    onForeign: () => void claim.verify(),
    writing: writingTo(STREAM_STATUS),
    onOversize: () => metrics.oversize("status"),
    onUnreadable: (key, revision, isKept) => deps.report("status", key, revision, isKept ? KEPT : REPLACED),
  });
  if (memory.seq > 0 && claim.idleMs > rules.expireAfterMs) {
    await epochs.raise(
      memory.epoch,
      `nothing was written of partition ${p} for so long that records have expired`,
    );
    throw new Error("the records have expired");
  }
  const stored = await deps.loader.load(p);
  if (memory.seq === 0 && stored.some(({ epoch, record }) => epoch === memory.epoch && record.seq > 0)) {
    await epochs.raise(memory.epoch, `the checkpoint of partition ${p} is gone`);
    throw new Error("the checkpoint is gone");
  }
  const loaded = stored.map(({ record, epoch, ...rest }) => {
    const isOfLostLog = epoch !== memory.epoch;
    return { ...rest, isOfLostLog, record: isOfLostLog ? intoEpoch(record, memory) : record };
  });
  const recorded = loaded.reduce(
    (highest, { record, isOfLostLog }) => (isOfLostLog ? highest : Math.max(highest, record.seq)),
    0,
  );
  const partition = createPartition(
    deps.transition,
    rules,
    memory,
    loaded.map(({ record }) => record),
  );

  let live = false;
  let lag = 0;
  /** while catching up: who was touched, so that only the last word of each is published */
  const touched = new Set<string>();
  const checkpointer = createCheckpointer({
    deps,
    claim,
    partition,
    records,
    statuses,
    logger,
    storedUpTo,
  });

  /** What viewers have been told for certain: a record is written only after its status was stored. */
  const told = new Map<string, Pick<UserRecord, "shown" | "directoryVersion" | "renewedAt">>();
  for (const { record, isOfLostLog, statusSeq, recordSeq, unsaved } of loaded) {
    Object.assign(partition.written(record.userId) ?? {}, { statusSeq, recordSeq });
    if (isOfLostLog) touched.add(record.userId);
    else told.set(record.userId, record);
    if (isOfLostLog || record.seq > storedUpTo) database.put(p, toRow(record), unsaved, record.seq);
    if (isOfLostLog || !isRetained(record)) checkpointer.changed(record);
  }

  const erasures = createErasures({ bus, statuses, recordOf: partition.get, logger });

  const wasTold = ({ userId, shown, directoryVersion, renewedAt }: UserRecord): boolean => {
    const last = told.get(userId);
    return (
      last?.shown === shown && last?.directoryVersion === directoryVersion && last?.renewedAt === renewedAt
    );
  };
  const publish = (record: UserRecord) => {
    if (hasStatus(record)) statuses.put(toStatusMessage(record));
  };

  /** zombies whose last connection fell silent, as opposed to a tab that was closed; for the metrics alone */
  const pingTimeouts = new Set<string>();
  const noteLoss = ({ userId, message: { event } }: Inbound) => {
    if (userId === undefined || event.type === "activity") return;
    if (event.type === "disconnected" && event.reason === "ping timeout") pingTimeouts.add(userId);
    else pingTimeouts.delete(userId);
  };

  const carryOut = ({ record, effects, traceparent }: Change) => {
    const history: HistoryLine[] = [];
    let persists = false;
    for (const effect of effects) {
      if (effect.type === "status" && live) publish(record);
      else if (effect.type === "persist") persists = true;
      else if (effect.type === "erase") {
        database.erase(p, record.userId, record.seq);
        erasures.begin(record);
      } else if (effect.type === "transition") {
        const { type: _, ...line } = effect;
        history.push({ ...line, traceId: traceparent?.split("-")[1] ?? null });
        if (live) metrics.transition(effect, record, pingTimeouts.has(record.userId));
      } else if (effect.type === "closeConnections") {
        for (const [gatewayId, connectionIds] of Object.entries(effect.byGateway)) {
          const command = {
            type: "close" as const,
            userId: record.userId,
            connectionIds,
            reason: effect.reason,
          };
          checkpointer.await(record.userId, commandGateway(bus, gatewayId, command, logger));
        }
      }
    }
    if (persists || history.length > 0) database.put(p, toRow(record), history, record.seq);
    if (!live) touched.add(record.userId);
    if (record.state === "offline") pingTimeouts.delete(record.userId);
    checkpointer.changed(record);
  };

  /** publishers that had no key on the board at the last look */
  let keyless: ReadonlySet<string> = new Set();
  /** A gateway that ends removes its key; the board may lack one of the living for a moment, not at two looks in a row. */
  const lookAfterPublishers = (outOfStep: readonly OutOfStep[], silent: readonly string[]) => {
    for (const { publisher, expected } of outOfStep) {
      metrics.outOfStep();
      logger.error({ publisher, expected }, "publisher out of step: nothing of it is accepted");
      reportOutOfStep(bus, { publisher, partition: p, expected });
    }
    if (silent.length === 0) return;
    const missing = silent.filter((id) => deps.board.get(leaseKeys.gateway(id)) === undefined);
    partition.forget(missing.filter((id) => keyless.has(id)));
    keyless = new Set(missing);
  };

  const onMessage = (message: Stored) => {
    const inbound = readEvent(message);
    lag = message.pending;
    const { publisher } = inbound.message;
    if (inbound.kind !== undefined && inbound.fault !== undefined)
      deps.refusals.unreadable(message, publisher, { kind: inbound.kind, fault: inbound.fault });
    const { admission, changes, outOfStep, silent } = partition.apply(inbound);
    if (changes.length > 0) noteLoss(inbound);
    metrics.event(inbound.message.event.type, admission);
    for (const change of changes) carryOut(change);
    if (live) lookAfterPublishers(outOfStep, silent);
    checkpointer.advanced();
  };

  let announceCaughtUp: () => void = () => {};
  const caughtUp = new Promise<void>((resolve) => {
    announceCaughtUp = resolve;
  });
  const goLive = () => {
    if (live) return;
    live = true;
    for (const userId of touched) {
      const record = partition.get(userId);
      if (record && !wasTold(record)) publish(record);
    }
    touched.clear();
    told.clear();
    checkpointer.start();
    metrics.takeover(claim.sinceOwnerSilent());
    announceCaughtUp();
  };

  const following: Following = follow(bus, {
    stream: STREAM_EVENTS,
    filter: partitionFilter(p),
    from: memory.seq + 1,
    logger,
    onMessage,
    onCaughtUp: goLive,
    async checkStart(from) {
      const { seq, time } = partition.memory();
      const found = await epochs.timeAt(seq);
      const fault = faultOf(from - 1, await epochs.logEnds(), { time, found, recorded });
      if (fault === null) return from;
      await epochs.raise(memory.epoch, fault);
      throw new Error(`the log was lost: ${fault}`);
    },
  });

  const renewal = bus.clock.every(rules.renewAfterMs / LOOKS_TO_RENEW, () => {
    const date = deps.board.brokerTime();
    if (live && date !== undefined) for (const change of partition.renew(date)) carryOut(change);
  });

  const stop = async () => {
    renewal.cancel();
    erasures.stop();
    statuses.close();
    records.close();
    givenUp.reject(new Error(`partition ${p} was given up`));
    await following.stop();
    await checkpointer.stop();
  };
  return {
    partition: p,
    caughtUp,
    isCaughtUp: () => live,
    counts: () => ({ ...partition.counts(), lag }),
    async release() {
      await following.stop();
      if (live) await checkpointer.finish();
      await stop();
      await claim.release();
      database.drop(p);
    },
    async abandon() {
      await stop();
      database.drop(p);
    },
  };
}
