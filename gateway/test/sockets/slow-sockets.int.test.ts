import { chatSubject } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { openRawClient } from "@meeshy/shared/testing/raw-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RunningGateway, type Servers, signIn, startServers, tokenFor } from "../harness.ts";

let servers: Servers;
let gateway: RunningGateway;
beforeAll(async () => {
  servers = await startServers();
  gateway = await servers.gateway();
});
afterAll(() => servers?.stop());

const MESSAGES = 2_000;
const PORTION = 50;

it("a socket that does not read is closed when too much waits for it, and those beside it get everything", async () => {
  const alice = await signIn(gateway.url, "alice");
  const frozen = openRawClient({ url: gateway.url, auth: { token: tokenFor("bob") } });
  await frozen.connected;
  await eventually(async () => (await gateway.metric("meeshy_connections")) === 2);
  frozen.freeze();
  const content = "x".repeat(10_000);
  for (let n = 0; n < MESSAGES; n++) {
    const message = { id: `m${n}`, conversationId: "general", senderId: "carol", content, createdAt: "now" };
    servers.link.nc.publish(chatSubject("general"), JSON.stringify(message));
    // On a busy machine more would wait for the other one, too.
    if (n % PORTION === PORTION - 1) await alice.nth("message:new", n + 1);
  }
  const reasons = async () =>
    (await servers.readLog()).flatMap(({ event }) => (event.type === "disconnected" ? [event.reason] : []));
  await eventually(async () => (await reasons()).length > 0);
  expect(await reasons()).toEqual(["slow consumer"]);
  await alice.nth("message:new", MESSAGES);
  expect(await gateway.metric("meeshy_connections")).toBe(1);
  expect(alice.socket.connected).toBe(true);
  frozen.vanish();
  alice.close();
});
