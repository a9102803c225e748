import { openNats } from "@meeshy/shared/nats/connect";
import { createLeaseBoard } from "@meeshy/shared/nats/lease-board";
import { ensureStreams } from "@meeshy/shared/nats/streams";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { partitionSubject } from "@meeshy/shared/subjects";
import { startNats } from "@meeshy/shared/testing/servers";
import { expect, it, onTestFinished } from "vitest";
import { createEpochKeeper } from "../../src/host/epoch-keeper.ts";

it("a look at the log's end sees everything that was stored before it was asked for", async () => {
  const nats = await startNats();
  onTestFinished(() => nats.stop());
  const link = await openNats({ url: nats.url }, "test");
  onTestFinished(() => link.close());
  await ensureStreams(link, 1);
  const logger = createLogger("test", "silent");
  const board = createLeaseBoard(link, logger);
  onTestFinished(() => board.close());
  const keeper = await createEpochKeeper({ bus: link, board, remembered: async () => undefined, logger });
  onTestFinished(() => keeper.close());

  for (let round = 0; round < 20; round++) {
    const { seq } = await link.js.publish(partitionSubject("sweep", 0), "{}");
    const [one, other] = await Promise.all([keeper.logEnds(), keeper.logEnds()]);
    expect(one.last).toBe(seq);
    expect(other).toBe(one);
  }
});
