import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, openClient, type RunningGateway, type Servers, startServers, tokenFor } from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

let servers: Servers;
let worker: RunningWorker;
let gateways: RunningGateway[];
beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers, { connectionsMax: 3 });
  gateways = await Promise.all([servers.gateway(), servers.gateway()]);
});
afterAll(async () => {
  await worker?.stop();
  await servers?.stop();
});

const open = async (at: number, auth: object = {}) => {
  const client = openClient(gateways[at]?.url ?? "", { token: tokenFor("alice"), ...auth });
  await client.nth("authenticated");
  return client;
};

describe("a person with more connections than are allowed", () => {
  it("loses the oldest, which is informed, on whichever gateway it is", async () => {
    const clients = [];
    for (const at of [0, 1, 0, 1, 0]) clients.push(await open(at));
    for (const oldest of clients.slice(0, 2)) {
      expect(await oldest.nth("disconnect")).toBe("io server disconnect");
      expect(oldest.all("session:replaced")).toHaveLength(1);
    }
    for (const kept of clients.slice(2)) expect(kept.all("session:replaced")).toEqual([]);
    await eventually(async () => {
      const { body } = await call(gateways[0]?.url ?? "", "/api/users/me", { as: "alice" });
      return (body.connections as unknown[]).length === 3;
    });
    for (const client of clients) client.close();
  });
});

describe("a device's label", () => {
  it("is bounded in bytes, and has no control characters", async () => {
    for (const [device, label] of [
      ["\u0001\u0000", null],
      ["tele\u0007phone\n", "telephone"],
      ["é".repeat(100), "é".repeat(50)],
      ["x".repeat(20_000), "x".repeat(100)],
    ] as const) {
      const client = await open(0, { device });
      const { connectionId } = await client.nth<{ connectionId: string }>("authenticated");
      const { body } = await call(gateways[0]?.url ?? "", "/api/users/me", { as: "alice" });
      const own = (body.connections as { connectionId: string; device: string | null }[]).find(
        (connection) => connection.connectionId === connectionId,
      );
      expect(own?.device).toBe(label);
      client.close();
    }
  });
});
