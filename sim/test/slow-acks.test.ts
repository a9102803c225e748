import { createGate } from "@meeshy/shared/nats/gate";
import { fromBytes, toBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, ensureStreams, keySubject } from "@meeshy/shared/nats/streams";
import type { Bus } from "@meeshy/shared/ports/bus";
import { NO_TRACING } from "@meeshy/shared/ports/tracing";
import type { StatusMessage } from "@meeshy/shared/status";
import { BUCKET_STATE, encodeId, STREAM_STATUS, statusSetSubject } from "@meeshy/shared/subjects";
import { versioned } from "@meeshy/shared/versions";
import { pino } from "pino";
import { expect, test } from "vitest";
import { createRandom } from "../../chaos/random.ts";
import { emptyRecord } from "../../presence-worker/src/core/record.ts";
import { createRecordStore } from "../../presence-worker/src/io/record-store.ts";
import { createStatusWriter } from "../../presence-worker/src/io/status-writer.ts";
import type { StoredRecord } from "../../presence-worker/src/io/stored-record.ts";
import { type Broker, createBroker } from "../bus/broker.ts";
import { createLink } from "../bus/link.ts";
import { createSimBus } from "../bus/sim-bus.ts";
import { createProcess } from "../engine/process.ts";
import { createScheduler } from "../engine/scheduler.ts";

/** Longer than an acknowledgement is waited for: by default, and at most. */
const SLOW_MS = [8_000, 40_000];
const WITHIN_MS = 600_000;
const logger = pino({ level: "silent" });

/** Runs `work` in a process on a broker that acknowledges nothing in less than about `slowMs`, once its streams are made. */
async function onSlowBroker(
  slowMs: number,
  work: (bus: Bus, broker: Broker) => Promise<void>,
): Promise<void> {
  const scheduler = createScheduler();
  const random = createRandom(1);
  const broker = createBroker({ scheduler, random, wallStart: 0 });
  const process = createProcess({ name: "worker", scheduler, random, wallStart: 0 });
  const link = createLink(process, scheduler, random);
  const bus = createSimBus({ process, link, broker, random });
  let outcome: { error?: unknown } | undefined;
  const works = async () => {
    await link.opened;
    await ensureStreams(bus, 1);
    broker.faults.slowsAcksBy = slowMs;
    await work(bus, broker);
  };
  works().then(
    () => (outcome = {}),
    (error) => (outcome = { error }),
  );
  while (outcome === undefined && scheduler.now() < WITHIN_MS) await scheduler.run(scheduler.now() + 1_000);
  if (outcome === undefined) throw new Error(`not done within ${WITHIN_MS} ms`);
  if ("error" in outcome) throw outcome.error;
}

const written = () => ({ statusSeq: 0, recordSeq: 0 });
const writing = { permit: () => undefined, doubt() {}, stored() {} };

function openStatuses(bus: Bus) {
  const alice = written();
  return createStatusWriter({
    ...{ bus, gate: createGate(10), tracer: NO_TRACING, partition: 0, logger, writing },
    ...{ writtenOf: () => alice, isForged: async () => false },
    ...{ onForeign() {}, onUnreadable() {}, onOversize() {} },
  });
}

const status = (version: number): StatusMessage => ({
  ...{
    userId: "alice",
    username: "alice",
    displayName: null,
    isAnonymous: false,
    isOnline: version % 2 === 1,
  },
  ...{
    availability: "available",
    statusText: null,
    statusExpiresAt: null,
    lastActiveAt: null,
    lastSeen: null,
  },
  ...{ epoch: 1, version, cause: "connect", at: null, conversationIds: ["room"], directoryVersion: 0 },
});
const put = (version: number) => ({ status: status(version), meta: { traceparent: undefined } });

async function storedVersion(bus: Bus): Promise<unknown> {
  const last = await bus.lastValue(STREAM_STATUS, statusSetSubject("alice"));
  return last && (fromBytes(last.data) as StatusMessage).version;
}

test.each(SLOW_MS)("with acknowledgements of %i ms each of a person's statuses is written", (ms) =>
  onSlowBroker(ms, async (bus) => {
    const statuses = openStatuses(bus);
    for (const version of [1, 2, 3]) {
      statuses.put(put(version));
      await statuses.settled(["alice"]);
      expect(await storedVersion(bus)).toBe(version);
    }
  }),
);

test.each(SLOW_MS)("with refusals of %i ms a status is written over the one of an owner of before", (ms) =>
  onSlowBroker(ms, async (bus, broker) => {
    broker.faults.slowsAcksBy = 0;
    await bus.acks.publish(statusSetSubject("alice"), toBytes(versioned("status", status(1))));
    broker.faults.slowsAcksBy = ms;
    const statuses = openStatuses(bus);
    statuses.put(put(2));
    await statuses.settled(["alice"]);
    expect(await storedVersion(bus)).toBe(2);
  }),
);

test.each(SLOW_MS)(
  "with acknowledgements of %i ms each of a person's records is written, and removed",
  (ms) =>
    onSlowBroker(ms, async (bus) => {
      const alice = written();
      const records = createRecordStore({
        ...{ bus, gate: createGate(10), partition: 0, logger, writing },
        ...{ writtenOf: () => alice, onOversize() {}, onUnreadable() {} },
      });
      const last = () =>
        bus.lastValue(bucketStream(BUCKET_STATE), keySubject(BUCKET_STATE, `0.${encodeId("alice")}`));
      for (const seq of [1, 2]) {
        const record: StoredRecord = { ...emptyRecord("alice"), epoch: 1, seq, statusSeq: 0, unsaved: [] };
        await records.write(record, async () => record);
        expect(fromBytes((await last())?.data ?? new Uint8Array())).toMatchObject({ seq });
      }
      await records.remove("alice", 1, 3);
      expect(await last()).toMatchObject({ deleted: true });
    }),
);
