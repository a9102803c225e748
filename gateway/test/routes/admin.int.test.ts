import { toBytes } from "@meeshy/shared/nats/last-value";
import { keySubject } from "@meeshy/shared/nats/streams";
import {
  BUCKET_LEASES,
  BUCKET_STATE,
  gatewaySubject,
  leaseKeys,
  recordKey,
  SUBJECT_CLEANUP,
} from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, type RunningGateway, type Servers, signIn, startServers, tokenFor } from "../harness.ts";

let servers: Servers;
let gateway: RunningGateway;
beforeAll(async () => {
  servers = await startServers();
  gateway = await servers.gateway({ OPS_PORT: "0" });
});
afterAll(() => servers?.stop());

const admin = () => ({
  authorization: `Bearer ${tokenFor("admin", { role: "ADMIN" })}`,
  "x-presence-passive": "1",
});
const ops = (path: string, init: RequestInit = {}) =>
  call(`http://127.0.0.1:${gateway.opsPort}`, path, { headers: admin(), ...init });
const post = (path: string) => ops(path, { method: "POST" });
const write = (bucket: string, key: string, value: object) =>
  servers.link.acks.publish(keySubject(bucket, key), toBytes(value));

describe("with a port for operations", () => {
  it("metrics are there alone, health and admin routes are there too", async () => {
    for (const path of ["/health/live", "/health/ready", "/metrics", "/api/admin/maintenance/stats"]) {
      const answer = await fetch(`http://127.0.0.1:${gateway.opsPort}${path}`, { headers: admin() });
      expect([path, answer.status]).toEqual([path, 200]);
      const onPublic = await fetch(gateway.url + path, { headers: admin() });
      expect([path, onPublic.status]).toEqual([path, path === "/metrics" ? 404 : 200]);
    }
    expect((await ops("/api/users/me")).status).toBe(404);
    expect((await ops("/api/admin/maintenance/stats", { headers: {} })).status).toBe(401);
  });
});

describe("the figures", () => {
  it("come from everyone's heartbeats", async () => {
    const alice = await signIn(gateway.url, "alice");
    const beat = {
      beat: 1,
      partitions: 64,
      usersOnline: 3,
      usersActive: 2,
      zombiesCleaned: 9,
      zombiesCleanedLastMinute: 1,
    };
    await write(BUCKET_LEASES, leaseKeys.worker("w1"), beat);
    await write(BUCKET_LEASES, leaseKeys.worker("w2"), beat);
    await write(BUCKET_LEASES, leaseKeys.worker("odd"), { nonsense: true });
    await write(BUCKET_LEASES, leaseKeys.gateway("gone"), { beat: 1, connections: 50, users: 1, lost: true });
    const cleaned = { lastCleanupAt: "2026-01-01T00:00:00.000Z", lastCleanupDurationMs: 4 };
    await write(BUCKET_LEASES, leaseKeys.sweeper("s1"), { beat: 1, state: "running", ...cleaned });
    // The sweeper's heartbeat was written last.
    const { status, body } = await eventually(async () => {
      const answer = await ops("/api/admin/maintenance/stats");
      return answer.body.maintenanceActive ? answer : undefined;
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      maintenanceActive: true,
      ...cleaned,
      zombiesCleanedTotal: 18,
      zombiesCleanedPerMinute: 2,
      totalUsersOnline: 6,
      totalUsersActive: 4,
      sweeper: { state: "running" },
      gateways: 1,
      workers: 2,
    });
    await eventually(async () => (await ops("/api/admin/maintenance/stats")).body.activeConnections === 1);
    await eventually(async () => (await ops("/api/admin/maintenance/stats")).body.workers === 0);
    alice.close();
  });
});

describe("a cleanup on demand", () => {
  it("is answered by a sweeper", async () => {
    const sweeper = servers.link.nc.subscribe(SUBJECT_CLEANUP, {
      callback: (_, message) => void message.respond(toBytes({ examined: 7, cleaned: 2 })),
    });
    await servers.link.nc.flush();
    expect((await post("/api/admin/maintenance/cleanup-zombies")).body).toEqual({ examined: 7, cleaned: 2 });
    sweeper.unsubscribe();
    await servers.link.nc.flush();
  });

  it("is unavailable without one", async () => {
    const { status, body } = await post("/api/admin/maintenance/cleanup-zombies");
    expect(status).toBe(503);
    expect(body).toMatchObject({ error: { code: "unavailable", retryable: true } });
  });
});

describe("disconnecting a user", () => {
  it("writes the order, waits until it is carried out, and counts what was open", async () => {
    const alice = await signIn(gateway.url, "alice");
    const { connectionId } = await alice.nth<{ connectionId: string }>("authenticated");
    const opened = (await servers.readLog()).find(
      ({ event }) => event.type === "connected" && event.connectionId === connectionId,
    );
    const own = { id: connectionId, gatewayId: opened?.publisher, device: null, since: 0 };
    const elsewhere = { ...own, id: "elsewhere", gatewayId: "another" };
    const connections = [elsewhere, { ...own, id: "closed" }, own];
    await write(BUCKET_STATE, recordKey("alice"), { connections });
    await servers.publishStatus("alice", { conversationIds: ["general"], version: 1 });
    const bob = await signIn(gateway.url, "bob");
    const answer = post("/api/admin/users/alice/disconnect");
    const order = await eventually(async () =>
      (await servers.readLog()).find(({ event }) => event.type === "disconnect-all"),
    );
    expect(order).toMatchObject({ subject: expect.stringMatching(/^presence\.in\.\d+\.admin\.alice$/) });
    expect(order.publisher).toBeUndefined();
    const close = { type: "close", userId: "alice", connectionIds: [connectionId], reason: "admin" };
    servers.link.nc.publish(gatewaySubject(opened?.publisher ?? ""), toBytes(close));
    await servers.publishStatus("alice", {
      conversationIds: ["general"],
      version: order.seq,
      isOnline: false,
      cause: "admin",
    });
    expect((await answer).body).toEqual({ disconnected: 2 });
    expect(await alice.nth("disconnect")).toBe("io server disconnect");
    expect(await bob.nth("user:status")).toMatchObject({ userId: "alice", cause: "admin" });
    bob.close();
  });

  it("of whom nothing is open is done at once", async () => {
    expect((await post("/api/admin/users/dave/disconnect")).body).toEqual({ disconnected: 0 });
  });

  it("is unavailable while no worker carries it out", async () => {
    await servers.publishStatus("carol", { conversationIds: ["general"], version: 500 });
    await eventually(async () => (await call(gateway.url, "/api/users/carol", { as: "bob" })).body.user);
    expect((await post("/api/admin/users/carol/disconnect")).body).toMatchObject({
      error: { code: "unavailable" },
    });
  });
});

describe("while NATS is away", () => {
  it("the figures are not known, rather than zero", async () => {
    const stats = () => ops("/api/admin/maintenance/stats");
    await servers.nats.kill();
    const { body } = await eventually(async () => {
      const answer = await stats();
      return answer.status === 503 && answer;
    });
    expect(body).toMatchObject({ error: { code: "unavailable", retryable: true } });
    await servers.nats.restart();
    await eventually(async () => (await stats()).status === 200);
  });
});
