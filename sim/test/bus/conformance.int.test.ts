import { openNats } from "@meeshy/shared/nats/connect";
import type { Bus } from "@meeshy/shared/ports/bus";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { afterAll, beforeAll, describe, test } from "vitest";
import { describeBus } from "./conformance.ts";

/** The oldest server that is supported is the one that tests use; the newest is named by the environment. */
const NEWEST = process.env.NATS_SERVER_BIN_NEWEST;

function describeServer(name: string, binary: string | undefined): void {
  describe(name, () => {
    let nats: TestNats;
    beforeAll(async () => {
      const before = process.env.NATS_SERVER_BIN;
      if (binary !== undefined) process.env.NATS_SERVER_BIN = binary;
      try {
        nats = await startNats();
      } finally {
        if (before === undefined) delete process.env.NATS_SERVER_BIN;
        else process.env.NATS_SERVER_BIN = before;
      }
    });
    afterAll(() => nats?.stop());

    const run = async (work: (bus: Bus, other: Bus) => Promise<void>) => {
      const [bus, other] = await Promise.all(
        ["one", "other"].map((name) => openNats({ url: nats.url }, name)),
      );
      if (bus === undefined || other === undefined) throw new Error("no link");
      try {
        await work(bus, other);
      } finally {
        for (const name of await bus.jsm.streams.names().next()) await bus.jsm.streams.delete(name);
        await Promise.all([bus.close(), other.close()]);
      }
    };
    describeBus("nats-server", { run });
  });
}

describeServer("the server of the tests", undefined);
if (NEWEST === undefined) test.skip("the newest server: NATS_SERVER_BIN_NEWEST names none", () => {});
else describeServer("the newest server", NEWEST);
