import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import { BUCKET_STATE, recordKey } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  call,
  type RunningGateway,
  type Servers,
  settle,
  signIn,
  startServers,
  tokenFor,
} from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

let servers: Servers;
let worker: RunningWorker;
let gateway: RunningGateway;
let other: RunningGateway;
beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  [gateway, other] = await Promise.all([servers.gateway(), servers.gateway()]);
});
afterAll(async () => {
  await worker?.stop();
  await servers?.stop();
});

interface SeenStatus {
  userId: string;
  isOnline: boolean;
  availability: string;
  statusText: string | null;
  version: number;
}
const wish = (as: string, body: object) =>
  call(gateway.url, "/api/users/me/availability", {
    as,
    method: "PUT",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
const read = async (userId: string, as: string) =>
  (await call(other.url, `/api/users/${userId}`, { as, headers: { "x-presence-passive": "1" } })).body
    .user as SeenStatus;
const own = async (as: string) => (await call(gateway.url, "/api/users/me", { as })).body.ownAvailability;
const hasRecord = async (userId: string) => {
  const key = keySubject(BUCKET_STATE, recordKey(userId));
  const last = await servers.link.lastValue(bucketStream(BUCKET_STATE), key);
  return last !== undefined && !last.deleted;
};

describe("an availability", () => {
  it("is sent to viewers with its text, and shown to its own person", async () => {
    const [alice, bob] = [await signIn(gateway.url, "alice"), await signIn(other.url, "bob")];
    const answer = await wish("alice", { availability: "dnd", statusText: "in a meeting" });
    const chosen = { availability: "dnd", statusText: "in a meeting", expiresAt: null };
    const { expiresAt: _, ...standing } = chosen;
    expect(answer.body).toEqual({
      ...chosen,
      choices: { standing, timed: null, services: [] },
      shown: chosen,
    });
    const received = await eventually(() =>
      bob.all<SeenStatus>("user:status").find(({ availability }) => availability === "dnd"),
    );
    expect(received).toMatchObject({
      userId: "alice",
      isOnline: true,
      statusText: "in a meeting",
      cause: "manual",
    });
    expect(await read("alice", "bob")).toMatchObject({ availability: "dnd", statusText: "in a meeting" });
    expect(await own("alice")).toEqual(chosen);
    const why = await call(gateway.url, "/api/admin/users/alice/presence", {
      headers: { authorization: `Bearer ${tokenFor("admin", { role: "ADMIN" })}` },
    });
    expect(why.body).toMatchObject({
      ownAvailability: chosen,
      choices: { standing, timed: null, services: [] },
      connections: [{ passive: false }],
    });
    await wish("alice", { availability: "available" });
    await eventually(() => bob.all<SeenStatus>("user:status").at(-1)?.availability === "available");
    alice.close();
    bob.close();
  });

  it.each([
    ["no availability", {}],
    ["one that there is not", { availability: "away" }],
    ["a text too long", { availability: "busy", statusText: "x".repeat(141) }],
    ["an end in the past", { availability: "busy", expiresAt: "2020-01-01T00:00:00.000Z" }],
    ["an end that is no time", { availability: "busy", expiresAt: "tomorrow" }],
  ])("with %s is refused", async (_, body) => {
    expect((await wish("alice", body)).body).toMatchObject({ error: { code: "bad_request" } });
  });

  it("of an anonymous participant is none of theirs to choose", async () => {
    const answer = await call(gateway.url, "/api/users/me/availability", {
      method: "PUT",
      body: JSON.stringify({ availability: "busy" }),
      headers: { "content-type": "application/json", "x-session-token": "demo-session-token" },
    });
    expect(answer.body).toMatchObject({ error: { code: "forbidden" } });
  });

  it("ends when it is over, in front of everyone", async () => {
    const [alice, bob] = [await signIn(gateway.url, "alice"), await signIn(other.url, "bob")];
    const expiresAt = new Date(Date.now() + 1_500).toISOString();
    await wish("alice", { availability: "busy", statusText: "back soon", expiresAt });
    await eventually(() =>
      bob.all<SeenStatus>("user:status").find(({ availability }) => availability === "busy"),
    );
    expect(await own("alice")).toEqual({ availability: "busy", statusText: "back soon", expiresAt });
    await eventually(
      async () => {
        await worker.tick();
        return bob.all<SeenStatus>("user:status").at(-1)?.availability === "available";
      },
      { every: 200 },
    );
    expect(bob.all<SeenStatus>("user:status").at(-1)).toMatchObject({ isOnline: true, statusText: null });
    alice.close();
    bob.close();
  });
});

describe("someone invisible", () => {
  it("leaves like anyone, and stays away while they come, go and do things", async () => {
    const [alice, bob] = [await signIn(gateway.url, "alice"), await signIn(other.url, "bob")];
    await wish("alice", { availability: "invisible", statusText: "hush" });
    const left = await eventually(() => bob.all<SeenStatus>("user:status").find(({ isOnline }) => !isOnline));
    expect(left).toMatchObject({
      userId: "alice",
      availability: "available",
      statusText: null,
      cause: "disconnect",
    });
    const shown = await read("alice", "bob");
    const before = bob.received.length;
    await alice.ask("activity");
    await alice.ask("message:send", { conversationId: "general", content: "still reading" });
    alice.close();
    const again = await signIn(other.url, "alice");
    expect(await own("alice")).toMatchObject({ availability: "invisible", statusText: "hush" });
    await bob.nth("message:new");
    await settle();
    const others = bob.received.slice(before).filter(({ event }) => event !== "presence:self");
    expect(others.map(({ event }) => event)).toEqual(["message:new"]);
    expect(await read("alice", "bob")).toEqual(shown);
    again.close();
    bob.close();
  });

  it("stays so when the worker is gone and another begins", async () => {
    await worker.stop();
    worker = await startWorker(servers);
    const [alice, bob] = [await signIn(gateway.url, "alice"), await signIn(other.url, "bob")];
    await worker.tick();
    await settle();
    expect(bob.all("user:status")).toEqual([]);
    await wish("alice", { availability: "available" });
    await eventually(() => bob.all<SeenStatus>("user:status").some(({ isOnline }) => isOnline));
    alice.close();
    bob.close();
  });
});

describe("a choice made while offline", () => {
  it("is kept in the row once the record is gone, and shown on return", async () => {
    await wish("carol", { availability: "busy", statusText: "on a train" });
    await eventually(() => hasRecord("carol"));
    await eventually(async () => !(await hasRecord("carol")), { what: "the record is gone" });
    const bob = await signIn(other.url, "bob");
    expect(await read("carol", "bob")).toMatchObject({ isOnline: false, statusText: "on a train" });
    const carol = await signIn(gateway.url, "carol");
    const received = await eventually(() =>
      bob.all<SeenStatus>("user:status").find(({ isOnline }) => isOnline),
    );
    expect(received).toMatchObject({ userId: "carol", availability: "busy", statusText: "on a train" });
    carol.close();
    bob.close();
  });

  it("to be invisible holds at once on another gateway that had read otherwise", async () => {
    const bob = await signIn(gateway.url, "bob");
    const dave = await signIn(other.url, "dave");
    dave.close();
    const headers = { authorization: `Bearer ${tokenFor("admin", { role: "ADMIN" })}` };
    await call(gateway.url, "/api/conversations/general/members/dave", { method: "PUT", headers });
    await wish("dave", { availability: "invisible" });
    const back = await signIn(other.url, "dave");
    const carol = await signIn(other.url, "carol");
    await eventually(() =>
      bob.all<SeenStatus>("user:status").some(({ userId, isOnline }) => userId === "carol" && isOnline),
    );
    expect(
      bob.all<SeenStatus>("user:status").filter(({ userId, isOnline }) => userId === "dave" && isOnline),
    ).toEqual([]);
    for (const client of [back, carol, bob]) client.close();
  });
});
