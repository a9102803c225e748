import { createPresenceClient, type PresenceClient } from "@meeshy/shared/client";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RunningGateway, type Servers, startServers } from "../harness.ts";

let servers: Servers;
let gateway: RunningGateway;
let service: PresenceClient;
let external: PresenceClient;

async function clientAs(role: "service" | "external"): Promise<PresenceClient> {
  const { user = "", password = "" } = servers.nats.as(role);
  return createPresenceClient({ servers: servers.nats.url, user, password, onError: () => {} });
}

beforeAll(async () => {
  servers = await startServers();
  gateway = await servers.gateway();
  [service, external] = await Promise.all([clientAs("service"), clientAs("external")]);
});
afterAll(async () => {
  await Promise.all([service, external].map((client) => client?.close()));
  await servers?.stop();
});

it("gets the statuses of any number of users, in their order", async () => {
  await servers.publishStatus("bob", { conversationIds: ["general"], version: 5 });
  const ids = [...Array.from({ length: 1_200 }, (_, n) => `missing${n}`), "bob"];
  const users = await eventually(async () => {
    const found = await external.get(ids);
    return found.at(-1)?.isOnline && found;
  });
  expect(users.map(({ userId }) => userId)).toEqual(ids);
  expect(await external.get([])).toEqual([]);
});

it("gets the statuses of people whose names are too long for one message", async () => {
  const ids = Array.from({ length: 500 }, (_, n) => `long${n}`);
  await servers.db.user.createMany({
    data: ids.map((id) => ({ id, username: id, displayName: "x".repeat(3_000) })),
  });
  expect((await external.get(ids)).map(({ userId }) => userId)).toEqual(ids);
});

it("gets what a viewer may see", async () => {
  expect(await external.get(["bob"], "alice")).toMatchObject([{ isOnline: true }]);
  expect(await external.get(["bob"], "missing")).toMatchObject([{ isOnline: false, username: null }]);
});

it("reports activity as a service, and is refused as a reader", async () => {
  await service.activity("erin");
  await eventually(async () => (await servers.readLog()).some(({ subject }) => subject.endsWith(".gw.erin")));
  await expect(external.activity("erin")).rejects.toMatchObject({ code: "forbidden" });
});

it("rejects with the code and the details of a refusal", async () => {
  const refused = service.get(["x".repeat(201)]);
  await expect(refused).rejects.toMatchObject({
    code: "bad_request",
    details: [{ path: "userIds.0", message: expect.any(String) }],
  });
});

it("rejects as unavailable while no gateway answers", { timeout: 20_000 }, async () => {
  await gateway.stop();
  await expect(external.get(["bob"])).rejects.toMatchObject({ code: "unavailable" });
});
