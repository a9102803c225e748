import { rm } from "node:fs/promises";
import { type NatsLink, openNats } from "@meeshy/shared/nats/connect";
import { createLeaseBoard } from "@meeshy/shared/nats/lease-board";
import { keepStreams } from "@meeshy/shared/nats/streams";
import type { Bus } from "@meeshy/shared/ports/bus";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { partitionSubject, STREAM_STATUS } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats } from "@meeshy/shared/testing/servers";
import { expect, it, onTestFinished } from "vitest";
import { createEpochKeeper, EpochOver } from "../../src/host/epoch-keeper.ts";

/** A keeper on a server of its own, whose streams come back when they are gone; `over` changes its bus. */
async function startKeeper(over: (link: NatsLink) => Bus = (link) => link) {
  const nats = await startNats();
  onTestFinished(() => nats.stop());
  const link = await openNats({ url: nats.url }, "test");
  onTestFinished(() => link.close());
  const logger = createLogger("test", "silent");
  const streams = await keepStreams(link, 1, logger);
  onTestFinished(() => streams.stop());
  const board = createLeaseBoard(link, logger);
  onTestFinished(() => board.close());
  const keeper = await createEpochKeeper({
    bus: over(link),
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

  await nats.restart();
  await eventually(() => keeper.permit(1) !== undefined);
  await keeper.permit(1);
  expect(keeper.permit(1)).toBeUndefined();

  await nats.kill();
  await rm(nats.storeDir, { recursive: true, force: true });
  await eventually(() => !link.isUp());
  const permit = keeper.permit(1);
  await nats.restart();
  await expect(permit).rejects.toBeInstanceOf(EpochOver);
  await eventually(() => keeper.permit(2) === undefined);
});

it("what is stored while the streams are asked after does not look like a stream that was put back", async () => {
  let looks = 0;
  let onAnswer = async () => {};
  const { link, keeper } = await startKeeper((link) => ({
    ...link,
    async info(stream) {
      const answer = await link.info(stream);
      if (stream === STREAM_STATUS) await onAnswer();
      return answer;
    },
  }));
  onAnswer = async () => {
    const { seq } = await link.js.publish("presence.set.ann", "{}");
    keeper.stored(STREAM_STATUS, 1, seq);
    looks++;
  };
  await eventually(() => looks >= 3);
  expect(keeper.current()?.epoch).toBe(1);
});
