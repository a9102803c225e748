import { openNats } from "@meeshy/shared/nats/connect";
import { fromBytes } from "@meeshy/shared/nats/last-value";
import { createLeaseBoard, type LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { bucketStream, ensureStreams, keySubject } from "@meeshy/shared/nats/streams";
import { BUCKET_LEASES, leaseKeys } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats } from "@meeshy/shared/testing/servers";
import { testLogger as logger } from "@meeshy/shared/testing/test-log";
import { expect, it, onTestFinished } from "vitest";
import { initialMemory } from "../../src/core/partition-memory.ts";
import { claimPartition } from "../../src/host/lease.ts";

const KEY = leaseKeys.partition(7);
const checkpointAt = (seq: number) => ({ ...initialMemory(1), seq });

async function start() {
  const nats = await startNats();
  onTestFinished(() => nats.stop());
  const link = await openNats({ url: nats.url }, "test");
  onTestFinished(() => link.close());
  await ensureStreams(link, 1);
  const board = createLeaseBoard(link, logger);
  onTestFinished(() => board.close());
  await board.ready;
  const claimOn = (shown: LeaseBoard) =>
    claimPartition({
      ...{ workerId: "w_1", partition: 7, bus: link, board: shown, logger },
      metrics: { oversize: () => {} },
      epoch: { epoch: 1, from: 0 },
      onLost: () => {},
    });
  const stored = async () => {
    const last = await link.lastValue(bucketStream(BUCKET_LEASES), keySubject(BUCKET_LEASES, KEY), "leader");
    return last && (fromBytes(last.data) as { owner: string | null; memory: { seq: number } | null });
  };
  return { board, claimOn, stored };
}

it("a claim on a board that does not show the worker's own last checkpoint is none, and leaves that checkpoint", async () => {
  const { board, claimOn, stored } = await start();
  const claim = await claimOn(board);
  const early = await eventually(() => board.get(KEY));
  await claim?.checkpoint(checkpointAt(40), 40);

  expect(await claimOn({ ...board, get: (key) => (key === KEY ? early : board.get(key)) })).toBeUndefined();
  expect(await stored()).toMatchObject({ owner: "w_1", memory: { seq: 40 } });

  await eventually(() => board.get(KEY)?.revision !== early.revision);
  expect((await claimOn(board))?.memory.seq).toBe(40);
});

it("a claim that has ended writes nothing into the lease of the next one", async () => {
  const { board, claimOn, stored } = await start();
  const first = await claimOn(board);
  await eventually(() => board.get(KEY));
  first?.end();
  const second = await claimOn(board);
  await second?.checkpoint(checkpointAt(40), 40);

  await expect(first?.release()).rejects.toThrow("given up");
  await expect(first?.checkpoint(checkpointAt(30), 30)).rejects.toThrow("given up");
  expect(await stored()).toMatchObject({ owner: "w_1", memory: { seq: 40 } });
});
