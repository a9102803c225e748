import { rm } from "node:fs/promises";
import { epochSchema } from "@meeshy/shared/events";
import { type NatsLink, openNats } from "@meeshy/shared/nats/connect";
import { fromBytes } from "@meeshy/shared/nats/last-value";
import { createLeaseBoard } from "@meeshy/shared/nats/lease-board";
import { bucketStream, keepStreams, keySubject } from "@meeshy/shared/nats/streams";
import type { Bus } from "@meeshy/shared/ports/bus";
import { createLogger } from "@meeshy/shared/runtime/logger";
import {
  BUCKET_LEASES,
  leaseKeys,
  partitionSubject,
  STREAM_EVENTS,
  STREAM_STATUS,
} from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { expect, it, onTestFinished } from "vitest";
import { createEpochKeeper, EpochOver } from "../../src/host/epoch-keeper.ts";

interface Buses {
  of: (link: NatsLink) => Bus;
  ofBoard: (link: NatsLink) => Bus;
}

/** A keeper, by default on a server of its own, whose streams come back when they are gone; `over` changes its buses. */
async function startKeeper(
  { of = (link) => link, ofBoard = (link) => link }: Partial<Buses> = {},
  on?: TestNats,
) {
  const nats = on ?? (await startNats());
  if (on === undefined) onTestFinished(() => nats.stop());
  const link = await openNats({ url: nats.url }, "test");
  onTestFinished(() => link.close());
  const logger = createLogger("test", "silent");
  const streams = await keepStreams(link, 1, logger);
  onTestFinished(() => streams.stop());
  const board = createLeaseBoard(ofBoard(link), logger);
  onTestFinished(() => board.close());
  const keeper = await createEpochKeeper({
    bus: of(link),
    board,
    remembered: async () => undefined,
    replicas: 1,
    report: () => {},
    logger,
  });
  onTestFinished(() => keeper.close());
  return { nats, link, keeper };
}

it("a look at the log's end sees everything that was stored before it was asked for", async () => {
  const { link, keeper } = await startKeeper();

  for (let round = 0; round < 20; round++) {
    const { seq } = await link.js.publish(partitionSubject("sweep", 0), "{}");
    const [one, other] = await Promise.all([keeper.logEnds(), keeper.logEnds()]);
    expect(one.last).toBe(seq);
    expect(other).toBe(one);
  }
});

it("after a break of the link writing waits until the streams were compared, and ends with the epoch if they are others", async () => {
  const { nats, link, keeper } = await startKeeper();
  expect(keeper.permit(1)).toBeUndefined();

  // Asked for while the link is down: once it is up the streams may be compared before anyone can look.
  await nats.kill();
  await eventually(() => keeper.permit(1) !== undefined);
  const toGoOn = keeper.permit(1);
  await nats.restart();
  await toGoOn;
  expect(keeper.permit(1)).toBeUndefined();

  await nats.kill();
  await rm(nats.storeDir, { recursive: true, force: true });
  await eventually(() => !link.isUp());
  const toEnd = keeper.permit(1);
  await nats.restart();
  await expect(toEnd).rejects.toBeInstanceOf(EpochOver);
  await eventually(() => keeper.permit(2) === undefined);
});

it("a keeper whose board still shows the lost leases does not begin the epoch again that another has begun", async () => {
  let looks = 0;
  let mayRead: Promise<void> = Promise.resolve();
  const other = await startKeeper();
  const late = await startKeeper(
    {
      of: (link) => ({
        ...link,
        info(stream) {
          if (stream === STREAM_EVENTS) looks++;
          return link.info(stream);
        },
      }),
      ofBoard: (link) => ({ ...link, info: (stream) => mayRead.then(() => link.info(stream)) }),
    },
    other.nats,
  );
  let readOn = () => {};
  mayRead = new Promise((resolve) => {
    readOn = resolve;
  });
  onTestFinished(() => readOn());
  const entry = async () => {
    const last = await other.link.lastValue(
      bucketStream(BUCKET_LEASES),
      keySubject(BUCKET_LEASES, leaseKeys.epoch),
    );
    return last && { revision: last.seq, ...epochSchema.parse(fromBytes(last.data)) };
  };
  const before = await entry();

  await other.nats.kill();
  await rm(other.nats.storeDir, { recursive: true, force: true });
  await other.nats.restart();
  const begun = await eventually(async () => {
    const now = await entry();
    return now?.epoch === 2 && now;
  });
  // Compare-and-set alone would take it: the same revision as in the lost bucket.
  expect(begun.revision).toBe(before?.revision);

  await other.link.js.publish(partitionSubject("sweep", 0), "{}");
  const since = looks;
  await eventually(() => looks >= since + 3);
  expect(await entry()).toEqual(begun);

  readOn();
  await eventually(() => late.keeper.current()?.epoch === 2);
  expect(late.keeper.current()).toEqual(other.keeper.current());
});

it("what is stored while the streams are asked after does not look like a stream that was put back", async () => {
  let looks = 0;
  let onAnswer = async () => {};
  const { link, keeper } = await startKeeper({
    of: (link) => ({
      ...link,
      async info(stream) {
        const answer = await link.info(stream);
        if (stream === STREAM_STATUS) await onAnswer();
        return answer;
      },
    }),
  });
  onAnswer = async () => {
    const { seq } = await link.js.publish("presence.set.ann", "{}");
    keeper.stored(STREAM_STATUS, 1, seq);
    looks++;
  };
  await eventually(() => looks >= 3);
  expect(keeper.current()?.epoch).toBe(1);
});
