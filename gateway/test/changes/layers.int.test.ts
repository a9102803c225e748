import { isDeepStrictEqual } from "node:util";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Client, call, type RunningGateway, type Servers, signIn, startServers } from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

let servers: Servers;
let worker: RunningWorker;
let gateway: RunningGateway;
let other: RunningGateway;
let bob: Client;
beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  [gateway, other] = await Promise.all([servers.gateway(), servers.gateway()]);
  bob = await signIn(other.url, "bob");
});
afterAll(async () => {
  vi.useRealTimers();
  bob?.close();
  await worker?.stop();
  await servers?.stop();
});

interface Seen {
  userId: string;
  displayName: string | null;
  isOnline: boolean;
  availability: string;
  statusText: string | null;
  statusExpiresAt: string | null;
}
const lastSeen = () => bob.all<Seen>("user:status").findLast(({ userId }) => userId === "alice");
const seesAs = (expected: Partial<Seen>) => eventually(() => expect(lastSeen()).toMatchObject(expected));
const passive = { "x-presence-passive": "1" };
const change = (method: "PUT" | "DELETE", body?: object) =>
  call(gateway.url, "/api/users/me/availability", {
    as: "alice",
    method,
    ...(body && { body: JSON.stringify(body) }),
    headers: { ...passive, ...(body && { "content-type": "application/json" }) },
  });
const claim = (source: string, availability: string | null, more: object = {}) =>
  gateway.people.availability.claim("alice", source, { availability: availability as never, ...more });

it("a choice for a while covers the standing one, which is there again when it ends; services come below both", async () => {
  const alice = await signIn(gateway.url, "alice");
  await claim("calendar", "busy", { statusText: "meeting" });
  await seesAs({ availability: "busy", statusText: "meeting", displayName: "Alice" });
  await change("PUT", { availability: "busy", statusText: "focus" });
  await seesAs({ availability: "busy", statusText: "focus", statusExpiresAt: null });
  const timed = await change("PUT", { availability: "dnd", statusText: "call", expiresInMs: 600_000 });
  expect(timed.body).toMatchObject({
    availability: "dnd",
    choices: {
      standing: { availability: "busy", statusText: "focus" },
      timed: { availability: "dnd", statusText: "call", expiresAt: expect.any(String) },
      services: [{ source: "calendar", availability: "busy", statusText: "meeting", expiresAt: null }],
    },
    shown: { availability: "dnd" },
  });
  await seesAs({ availability: "dnd", statusText: "call", statusExpiresAt: timed.body.expiresAt as string });
  await eventually(async () => {
    const { body } = await call(other.url, "/api/users/me", { as: "alice", headers: passive });
    return isDeepStrictEqual(body.choices, timed.body.choices);
  });
  expect((await change("DELETE")).body).toMatchObject({ availability: "busy", choices: { timed: null } });
  await seesAs({ availability: "busy", statusText: "focus" });
  await change("PUT", { availability: "invisible" });
  await seesAs({ isOnline: false });
  await claim("calendar", "dnd");
  await change("PUT", { availability: "available" });
  await seesAs({ isOnline: true, availability: "dnd" });
  await claim("calendar", null);
  await seesAs({ isOnline: true, availability: "available", statusText: null });
  alice.close();
  await seesAs({ isOnline: false });
});

it("an end is judged by the log's clock, whatever the gateway's own says", async () => {
  const at = (ms: number) => new Date(Date.now() + ms).toISOString();
  const soon = at(300_000);
  const past = at(-300_000);
  for (const wrongMs of [600_000, -600_000]) {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + wrongMs });
    const [good, bad, both] = await Promise.all([
      change("PUT", { availability: "busy", expiresAt: soon }),
      change("PUT", { availability: "busy", expiresAt: past }),
      change("PUT", { availability: "busy", expiresAt: soon, expiresInMs: 1_000 }),
    ]);
    const lasting = await change("PUT", { availability: "dnd", expiresInMs: 300_000 });
    vi.useRealTimers();
    expect([good.status, bad.status, both.status]).toEqual([200, 400, 400]);
    expect(Math.abs(Date.parse(lasting.body.expiresAt as string) - Date.now() - 300_000)).toBeLessThan(5_000);
  }
  await change("DELETE");
});

it("the log has how long a choice is to last, not only when it ends", async () => {
  await change("PUT", { availability: "dnd", expiresInMs: 300_000 });
  await claim("calendar", "busy", { expiresInMs: 60_000 });
  const events = (await servers.readLog()).map(({ event }) => event);
  expect(events.findLast(({ type }) => type === "availability")).toMatchObject({ lastsMs: 300_000 });
  expect(events.findLast(({ type }) => type === "claim")).toMatchObject({ lastsMs: 60_000 });
  await change("DELETE");
  await claim("calendar", null);
});

it("offline people who say something are in the snapshot, with when that ends, and others are not", async () => {
  await change("PUT", { availability: "busy", statusText: "on vacation", expiresInMs: 3_600_000 });
  await seesAs({ isOnline: false, statusText: "on vacation", statusExpiresAt: expect.any(String) as never });
  const again = await signIn(other.url, "bob");
  const [snapshot] = again.all<{ users: Seen[]; serverTime: string }>("presence:snapshot");
  expect(snapshot?.users).toMatchObject([
    { userId: "alice", isOnline: false, availability: "busy", statusText: "on vacation" },
  ]);
  expect(Math.abs(Date.parse(snapshot?.serverTime ?? "") - Date.now())).toBeLessThan(5_000);
  again.close();
  await change("DELETE");
  await seesAs({ isOnline: false, statusText: null });
  const last = await signIn(other.url, "bob");
  expect(last.all<{ users: Seen[] }>("presence:snapshot")[0]?.users).toEqual([]);
  last.close();
});

it("a person who never connected was never seen, and says what they say", async () => {
  await servers.db.user.create({ data: { id: "newcomer", username: "newcomer", displayName: "New" } });
  await servers.db.conversationMember.create({ data: { userId: "newcomer", conversationId: "general" } });
  const { body } = await call(other.url, "/api/users/presence?ids=newcomer", { as: "bob" });
  expect(body).toMatchObject({
    users: [{ userId: "newcomer", displayName: "New", isOnline: false, lastSeen: null, lastActiveAt: null }],
    serverTime: expect.any(String),
  });
});
