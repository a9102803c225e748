import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Clock } from "@meeshy/shared/ports/clock";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { expect, it } from "vitest";
import { DatabaseSweep } from "../../src/io/database-sweep.ts";

const logger = createLogger("test", "silent");
const clock = { now: () => 0 } as Clock;
const board = { get: () => undefined, onChange: () => () => {} } as unknown as LeaseBoard;

it("begins no sweep while one is under way, and the next one once it has ended, well or not", async () => {
  const begun: PromiseWithResolvers<string[]>[] = [];
  const net = {
    sweep: () => {
      begun.push(Promise.withResolvers());
      return (begun.at(-1) as PromiseWithResolvers<string[]>).promise;
    },
  };
  const database = new DatabaseSweep({ clock, board, net, gatewayLeaseMs: 1_000, logger });
  const first = database.sweep();
  await database.sweep();
  expect(begun).toHaveLength(1);
  begun[0]?.reject(new Error("away"));
  await first;
  const second = database.sweep();
  expect(begun).toHaveLength(2);
  begun[1]?.resolve([]);
  await second;
  void database.sweep();
  expect(begun).toHaveLength(3);
});
