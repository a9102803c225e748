import { createPresenceClient, type PresenceClient } from "@meeshy/shared/client";
import { eventually } from "@meeshy/shared/testing/eventually";
import jwt from "jsonwebtoken";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Client,
  call,
  type RunningGateway,
  SECRET,
  type Servers,
  signIn,
  startServers,
  tokenFor,
} from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

let servers: Servers;
let worker: RunningWorker;
let gateway: RunningGateway;
let alice: Client;
let client: PresenceClient;
beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  gateway = await servers.gateway({ RATE_REQUESTS_PER_SERVICE: "30" });
  alice = await signIn(gateway.url, "alice");
  const { url, user = "", password = "" } = servers.nats.as("service");
  client = await createPresenceClient({ servers: url, user, password });
});
afterAll(async () => {
  await client?.close();
  alice?.close();
  await worker?.stop();
  await servers?.stop();
});

interface Seen {
  userId: string;
  isOnline: boolean;
  availability: string;
  cause: string;
}
const seen = (userId: string) => alice.all<Seen>("user:status").findLast((one) => one.userId === userId);
const seesAs = (userId: string, expected: object) =>
  eventually(() => expect(seen(userId)).toMatchObject(expected));

it("a person without a socket is kept online over NATS, listed as a device, and shown leaving when that ends", async () => {
  const { expiresAt } = await client.session("bob", { sessionId: "desk", ttlS: 60, device: "desk phone" });
  expect(Math.abs(Date.parse(expiresAt ?? "") - Date.now() - 60_000)).toBeLessThan(5_000);
  await seesAs("bob", { isOnline: true, cause: "connect" });
  const headers = { "x-presence-passive": "1" };
  await eventually(async () => {
    const { body } = await call(gateway.url, "/api/users/me", { as: "bob", headers });
    const listed = body.connections as { connectionId: string; gatewayId: string; device: string }[];
    return listed.some(({ gatewayId, device }) => gatewayId === "service" && device === "desk phone");
  });
  expect(await client.session("bob", { sessionId: "desk", ttlS: 0 })).toEqual({ expiresAt: null });
  await seesAs("bob", { isOnline: false, cause: "disconnect" });
});

it("refuses what is no session", async () => {
  for (const ttlS of [1, 29, 14_401]) {
    const refused = client.session("bob", { sessionId: "desk", ttlS });
    await expect(refused).rejects.toMatchObject({ code: "bad_request" });
  }
  const unknown = client.session("unknown-person", { sessionId: "desk", ttlS: 60 });
  await expect(unknown).rejects.toMatchObject({ code: "not_found" });
});

describe("a backend without NATS", () => {
  const serviceToken = (claims: object = {}) =>
    jwt.sign({ role: "SERVICE", sub: "calendar", ...claims }, SECRET, { expiresIn: 60 });
  const post = (what: string, body: object, token: string | null = serviceToken()) =>
    call(gateway.url, `/api/service/${what}`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: {
        "content-type": "application/json",
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
    });

  it("makes the same requests over REST, with the same answers and refusals", async () => {
    expect(
      await post("session", { userId: "carol", sessionId: "app", ttlS: 60, keepOnline: true }),
    ).toMatchObject({
      status: 200,
      body: { expiresAt: expect.any(String) },
    });
    await seesAs("carol", { isOnline: true });
    const busy = { userId: "carol", availability: "busy", statusText: "meeting", source: "calendar" };
    expect(await post("availability", busy)).toMatchObject({ status: 200, body: { success: true } });
    await seesAs("carol", { availability: "busy" });
    expect(
      (await post("availability", { userId: "carol", availability: null, source: "calendar" })).status,
    ).toBe(200);
    await seesAs("carol", { availability: "available" });
    expect(await post("query", { userIds: ["carol"] })).toMatchObject({
      body: { users: [{ userId: "carol", isOnline: true }] },
    });
    for (const [what, body] of [
      ["activity", { userId: "carol" }],
      ["membership", { userId: "carol", conversationId: "general", change: "joined" }],
      ["account", { userId: "carol", change: "profile" }],
    ] as const)
      expect(await post(what, body)).toMatchObject({ status: 200, body: { success: true } });
    expect(await post("session", { userId: "carol", sessionId: "app", ttlS: 5 })).toMatchObject({
      status: 400,
      body: { error: { code: "bad_request" } },
    });
    expect(await post("session", { userId: "missing", sessionId: "app", ttlS: 60 })).toMatchObject({
      status: 404,
    });
    expect((await post("session", { userId: "carol", sessionId: "app", ttlS: 0 })).body).toEqual({
      expiresAt: null,
    });
    await seesAs("carol", { isOnline: false });
  });

  it("needs a token of a service, and is counted by its name", async () => {
    expect((await post("activity", { userId: "bob" }, null)).status).toBe(401);
    for (const token of [tokenFor("alice"), tokenFor("root", { role: "ADMIN" })])
      expect(await post("activity", { userId: "bob" }, token)).toMatchObject({
        status: 403,
        body: { error: { code: "forbidden" } },
      });
    const noisy = serviceToken({ sub: "noisy" });
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => post("activity", { userId: "bob" }, noisy)),
    );
    expect(answers.filter(({ status }) => status === 429).length).toBeGreaterThan(0);
    expect((await post("activity", { userId: "bob" }, serviceToken({ sub: "quiet" }))).status).toBe(200);
  });
});
