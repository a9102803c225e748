import { createHeartbeat } from "@meeshy/shared/nats/heartbeat";
import { createLeaseBoard } from "@meeshy/shared/nats/lease-board";
import { ensureStreams } from "@meeshy/shared/nats/streams";
import { leaseKeys } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { beforeEach, describe, expect, test } from "vitest";
import { openLink, silent } from "./kit.ts";

let nats: TestNats;
beforeEach(async () => {
  nats = await startNats();
  return () => nats.stop();
});

describe("a heartbeat", () => {
  test("beats, and ends with its key gone", async () => {
    const link = await openLink(nats.url);
    await ensureStreams(link, 1);
    const board = createLeaseBoard(link, silent);
    await board.ready;
    const heart = createHeartbeat(link, board, {
      key: leaseKeys.gateway("a"),
      everyMs: 50,
      value: (beat) => ({ beat }),
      onForeign: () => {},
      logger: silent,
    });
    await heart.started;
    await eventually(() => (board.get("g.a")?.value as { beat: number })?.beat > 3);
    await nats.kill();
    await nats.restart();
    const before = (board.get("g.a")?.value as { beat: number }).beat;
    await eventually(() => (board.get("g.a")?.value as { beat: number })?.beat > before + 3);
    await heart.stop();
    await eventually(() => board.get("g.a") === undefined);
    await board.close();
    expect(1).toBe(1);
  });
});
