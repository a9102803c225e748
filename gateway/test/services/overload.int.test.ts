import { setImmediate as nextTurn } from "node:timers/promises";
import { type NatsLink, openNats } from "@meeshy/shared/nats/connect";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { type Services, serveServices } from "../../src/services/services.ts";

/** Requests whose answers are held back until `release`. */
let nats: TestNats;
let own: NatsLink;
let asking: NatsLink;
let services: Services;
let waiting: number;
let release: () => void;

beforeAll(async () => {
  nats = await startNats({ auth: true });
  own = await openNats(nats.as("gateway"), "gateway");
  asking = await openNats(nats.as("service"), "service");
});
afterAll(async () => {
  await Promise.all([own, asking].map((link) => link?.close()));
  await nats?.stop();
});
beforeEach(async () => {
  waiting = 0;
  const held = Promise.withResolvers<void>();
  release = held.resolve;
  services = serveServices({
    link: own,
    answer: async () => {
      waiting++;
      await held.promise;
      return { users: [] };
    },
    ready: Promise.resolve(),
    logger: createLogger("test", "silent"),
  });
  // It subscribes in this turn, once `ready` has resolved: a flush before would overtake the subscriptions.
  await nextTurn();
  await own.nc.flush();
  return async () => {
    release();
    await services.stop();
  };
});

const ask = async () => {
  const { headers } = await asking.nc.request("presence.query", "{}", { timeout: 10_000 });
  return headers?.get("Nats-Service-Error-Code") ?? "";
};

it("more than 256 requests at once are refused with a time to retry, and the others are answered", async () => {
  const first = Array.from({ length: 256 }, ask);
  await eventually(() => waiting === 256);
  expect(await ask()).toBe("429");
  release();
  expect(new Set(await Promise.all(first))).toEqual(new Set([""]));
});

it("what is asked before a gateway stops is answered, and nothing after", async () => {
  const asked = ask();
  await eventually(() => waiting === 1);
  const stopping = services.stop();
  release();
  await stopping;
  expect(await asked).toBe("");
  await expect(asking.nc.request("presence.query", "{}", { timeout: 500 })).rejects.toThrow();
  expect(waiting).toBe(1);
});
