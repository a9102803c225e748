import { openNats } from "@meeshy/shared/nats/connect";
import { createGate } from "@meeshy/shared/nats/gate";
import { ensureStreams } from "@meeshy/shared/nats/streams";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { partitionOf } from "@meeshy/shared/subjects";
import { startNats } from "@meeshy/shared/testing/servers";
import { expect, it, onTestFinished } from "vitest";
import { emptyRecord } from "../../src/core/record.ts";
import { createRecordLoader } from "../../src/io/record-loader.ts";
import { createRecordStore, Fenced } from "../../src/io/record-store.ts";
import type { StoredRecord } from "../../src/io/stored-record.ts";

async function startStores() {
  const nats = await startNats();
  onTestFinished(() => nats.stop());
  const link = await openNats({ url: nats.url }, "test");
  onTestFinished(() => link.close());
  await ensureStreams(link, 1);
  const logger = createLogger("test", "silent");
  const partition = partitionOf("alice");
  const open = () => {
    const written = { statusSeq: 0, recordSeq: 0 };
    return createRecordStore({
      bus: link,
      partition,
      gate: createGate(10),
      logger,
      writtenOf: () => written,
      writing: { permit: () => undefined, doubt: () => {} },
    });
  };
  return { open, load: () => createRecordLoader(link, logger).load(partition) };
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
