import { openNats } from "@meeshy/shared/nats/connect";
import { createGate } from "@meeshy/shared/nats/gate";
import { bucketStream, ensureStreams } from "@meeshy/shared/nats/streams";
import { AckLost, type Acks, type Bus } from "@meeshy/shared/ports/bus";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { BUCKET_STATE, partitionOf } from "@meeshy/shared/subjects";
import { startNats } from "@meeshy/shared/testing/servers";
import { expect, it, onTestFinished } from "vitest";
import { emptyRecord } from "../../src/core/record.ts";
import { createRecordLoader } from "../../src/io/record-loader.ts";
import { createRecordStore, Fenced, type RecordStore } from "../../src/io/record-store.ts";
import type { StoredRecord } from "../../src/io/stored-record.ts";

async function startStores() {
  const nats = await startNats();
  onTestFinished(() => nats.stop());
  const link = await openNats({ url: nats.url }, "test");
  onTestFinished(() => link.close());
  await ensureStreams(link, 1);
  const logger = createLogger("test", "silent");
  const partition = partitionOf("alice");
  const oversized: number[] = [];
  const open = (
    bus: Bus = link,
  ): Pick<RecordStore, "remove"> & { write(record: StoredRecord): Promise<void> } => {
    const written = { statusSeq: 0, recordSeq: 0 };
    const store = createRecordStore({
      bus,
      partition,
      gate: createGate(10),
      logger,
      writtenOf: () => written,
      writing: { permit: () => undefined, doubt: () => {}, stored: () => {} },
      onOversize: () => oversized.push(1),
      onUnreadable: () => {},
    });
    return { ...store, write: (record) => store.write(record, async () => record) };
  };
  return {
    link,
    open,
    load: () => createRecordLoader(link, logger, () => {}).load(partition),
    oversized,
    partition,
    logger,
  };
}

const aliceAt = (seq: number): StoredRecord => ({
  ...emptyRecord("alice"),
  ...{ seq, epoch: 1, statusSeq: 0, unsaved: [] },
});

it("an owner that stood still can neither overwrite a newer record nor bring back a removed one", async () => {
  const { open, load } = await startStores();
  const stale = open();
  const fresh = open();
  await stale.write(aliceAt(5));
  await fresh.write(aliceAt(20));
  await expect(stale.write(aliceAt(10))).rejects.toThrow(Fenced);
  await fresh.remove("alice", 1, 20);
  await expect(stale.write(aliceAt(10))).rejects.toThrow(Fenced);
  expect(await load()).toEqual([]);
});

it("a removed user comes back with a later event, or in a later epoch", async () => {
  const { open, load } = await startStores();
  const first = open();
  await first.write(aliceAt(20));
  await first.remove("alice", 1, 20);
  await open().write(aliceAt(21));
  expect(await load()).toMatchObject([{ record: { seq: 21 } }]);
  const next = open();
  await next.remove("alice", 1, 21);
  await open().write({ ...aliceAt(3), epoch: 2 });
  expect(await load()).toMatchObject([{ record: { seq: 3 }, epoch: 2 }]);
});

/** The bus, but the acknowledgement of its first write is lost. */
function losingFirstAck(bus: Bus): Bus {
  let isFirst = true;
  const acks: Acks = {
    ...bus.acks,
    async publish(subject, data, options) {
      const ack = await bus.acks.publish(subject, data, options);
      if (!isFirst) return ack;
      isFirst = false;
      throw new AckLost(subject);
    },
  };
  return Object.create(bus, { acks: { value: acks } });
}

it("an attempt after the first writes the record as it is by then", async () => {
  const { link, load, partition, logger } = await startStores();
  const store = createRecordStore({
    bus: losingFirstAck(link),
    partition,
    gate: createGate(10),
    logger,
    writtenOf: () => undefined,
    writing: { permit: () => undefined, doubt: () => {}, stored: () => {} },
    onOversize: () => {},
    onUnreadable: () => {},
  });
  await store.write(aliceAt(5), async () => aliceAt(9));
  expect(await load()).toMatchObject([{ record: { seq: 9 } }]);
});

it("a record over the stream's limit is stored with less in it, reported, and whole again once it fits", async () => {
  const { link, open, load, oversized } = await startStores();
  const { definition } = await link.info(bucketStream(BUCKET_STATE));
  await link.updateStream({ ...definition, maxMessageBytes: 16 * 1024 });
  const connections = Array.from({ length: 500 }, (_, at) => ({
    ...{ id: `c${at}`, gatewayId: `g${at % 2}`, device: "d".repeat(100), since: at },
  }));
  const store = open();
  await store.write({ ...aliceAt(5), state: "online", connections });
  const [stored] = await load();
  expect(stored?.record).toMatchObject({ seq: 5, state: "online" });
  const kept = stored?.record.connections ?? [];
  expect(kept.at(-1)).toMatchObject({ id: "c499", device: null });
  expect(new Set(kept.slice(0, 2).map(({ gatewayId }) => gatewayId))).toEqual(new Set(["g0", "g1"]));
  expect(oversized.length).toBeGreaterThan(0);

  const few = connections.slice(0, 3);
  await store.write({ ...aliceAt(6), state: "online", connections: few });
  expect((await load())[0]?.record).toMatchObject({ seq: 6, connections: few });
});

it("a record of which nothing fits is given up, not tried for ever", async () => {
  const { link, open, load, oversized } = await startStores();
  const { definition } = await link.info(bucketStream(BUCKET_STATE));
  await link.updateStream({ ...definition, maxMessageBytes: 100 });
  await open().write(aliceAt(5));
  expect(await load()).toEqual([]);
  expect(oversized.length).toBeGreaterThan(0);
});
