import { openNats } from "@meeshy/shared/nats/connect";
import type { NatsRole } from "@meeshy/shared/nats/permissions";
import { SERVICE_SUBJECTS } from "@meeshy/shared/service-requests";
import type { UserStatus } from "@meeshy/shared/status";
import { eventually } from "@meeshy/shared/testing/eventually";
import type { NatsConnection } from "@nats-io/nats-core";
import { type ServiceInfo, Svcm } from "@nats-io/services";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningGateway, type Servers, signIn, startServers } from "../harness.ts";

let servers: Servers;
let gateways: RunningGateway[];
let service: NatsConnection;
let external: NatsConnection;

const connectAs = async (role: NatsRole): Promise<NatsConnection> =>
  (await openNats(servers.nats.as(role), role)).nc;

/** Everyone answers at once; who has not after this is not there. */
const WITHIN = { strategy: "timer", maxWait: 500 } as const;

/** What a request is answered: its payload, or the failure. */
async function ask(
  subject: string,
  payload: unknown,
  by = service,
): Promise<{ code: string; data: Record<string, unknown> }> {
  const sent = typeof payload === "string" ? payload : JSON.stringify(payload);
  const answer = await by.request(subject, sent, { timeout: 20_000 });
  return { code: answer.headers?.get("Nats-Service-Error-Code") ?? "", data: answer.json() };
}

async function query(payload: object, by?: NatsConnection): Promise<UserStatus[]> {
  const { code, data } = await ask("presence.query", payload, by);
  expect(code).toBe("");
  return data.users as UserStatus[];
}

beforeAll(async () => {
  servers = await startServers();
  gateways = [await servers.gateway(), await servers.gateway()];
  [service, external] = await Promise.all([connectAs("service"), connectAs("external")]);
  await servers.publishStatus("alice", { conversationIds: ["general"], version: 7 });
  await servers.publishStatus("bob", { conversationIds: ["general"], version: 8 });
  await eventually(async () => (await query({ userIds: ["bob"] }))[0]?.isOnline, { what: "bob is known" });
});
afterAll(async () => {
  await Promise.all([service, external].map((connection) => connection?.close()));
  await servers?.stop();
});

describe("presence.query", () => {
  it("answers one status for each id, in their order, to readers and services alike", async () => {
    for (const by of [service, external]) {
      const users = await query({ userIds: ["bob", "missing", "alice", "bob"] }, by);
      expect(users.map(({ userId }) => userId)).toEqual(["bob", "missing", "alice", "bob"]);
      expect(users.map(({ isOnline }) => isOnline)).toEqual([true, false, true, true]);
      expect(users[1]).toMatchObject({ username: null, version: 0, at: null, cause: "disconnect" });
    }
  });

  it("without a viewer shows what preferences let everyone see", async () => {
    await servers.store.directory.writer?.setPreferences("carol", { showOnlineStatus: false });
    await servers.store.directory.writer?.setPreferences("dave", { showLastSeen: false });
    await servers.publishStatus("carol", { conversationIds: ["general"], version: 9 });
    await servers.publishStatus("dave", { conversationIds: ["general"], version: 10 });
    // A gateway that has dave's status has carol's, which was published before.
    const [carol, dave] = await eventually(async () => {
      const users = await query({ userIds: ["carol", "dave"] });
      return users[1]?.isOnline && users;
    });
    expect(dave).toMatchObject({ lastActiveAt: null, lastSeen: null });
    expect(carol).toMatchObject({ isOnline: false, lastSeen: null, version: 0, at: null });
  });

  it("with a viewer shows what that viewer may see, and no one gains an administrator's eyes", async () => {
    const [shared] = await query({ userIds: ["bob"], viewerId: "alice" });
    expect(shared).toMatchObject({ userId: "bob", isOnline: true });
    expect((await query({ userIds: ["dave"], viewerId: "admin" }))[0]).toMatchObject({ lastSeen: null });
    const [carol] = await query({ userIds: ["carol"], viewerId: "admin" });
    expect(carol).toMatchObject({ isOnline: false, version: 0 });
    const [stranger] = await query({ userIds: ["bob"], viewerId: "missing" });
    expect(stranger).toMatchObject({ isOnline: false, username: null, version: 0 });
  });

  it("takes 500 ids and not one more", async () => {
    const ids = Array.from({ length: 501 }, (_, n) => `user${n}`);
    expect(await query({ userIds: ids.slice(1) })).toHaveLength(500);
    expect(await ask("presence.query", { userIds: ids })).toMatchObject({
      code: "400",
      data: { error: { code: "bad_request", retryable: false } },
    });
    expect(await query({ userIds: [] })).toEqual([]);
  });

  it("says so when the answer is too large for a message", async () => {
    const ids = Array.from({ length: 500 }, (_, n) => `long${n}`);
    await servers.db.user.createMany({
      data: ids.map((id) => ({ id, username: id, displayName: "x".repeat(3_000) })),
    });
    expect(await ask("presence.query", { userIds: ids })).toMatchObject({
      code: "413",
      data: { error: { code: "payload_too_large", retryable: false } },
    });
    expect(await query({ userIds: ids.slice(100, 200) })).toHaveLength(100);
  });
});

describe("a request", () => {
  it.each<[string, string, unknown]>([
    ["that is no JSON", "presence.query", "{"],
    ["without a payload", "presence.query", ""],
    ["that is null", "presence.query", null],
    ["without ids", "presence.query", {}],
    ["with wrong ids", "presence.query", { userIds: [1] }],
    ["with an empty viewer", "presence.query", { userIds: [], viewerId: "" }],
    ["with a lone surrogate", "presence.activity", '{"userId":"\\ud800"}'],
    ["of no user", "presence.activity", {}],
    ["for no availability", "presence.availability", { userId: "alice", availability: "away" }],
    [
      "with too long a text",
      "presence.availability",
      { userId: "alice", availability: "busy", statusText: "x".repeat(141) },
    ],
    [
      "until no time",
      "presence.availability",
      { userId: "alice", availability: "busy", expiresAt: "tomorrow" },
    ],
    ["for no change", "presence.membership", { userId: "a", conversationId: "general", change: "moved" }],
    ["for no such change", "presence.account", { userId: "alice", change: "renamed" }],
  ])("%s is answered with its fault", async (_, subject, payload) => {
    const { code, data } = await ask(subject, payload);
    expect(code).toBe("400");
    expect(data).toMatchObject({ error: { code: "bad_request", retryable: false } });
  });

  it("is answered once, whichever gateway does it", async () => {
    // Asked from within the account: to another one only the first answer would pass.
    const admin = await connectAs("admin");
    const answers = await admin.requestMany("presence.query", JSON.stringify({ userIds: ["bob"] }), WITHIN);
    let count = 0;
    for await (const _ of answers) count++;
    expect(count).toBe(1);
    await admin.close();
  });
});

describe("presence.activity", () => {
  it("is a sign of life in the log", async () => {
    expect(await ask("presence.activity", { userId: "erin" })).toEqual({ code: "", data: { success: true } });
    const written = await eventually(async () =>
      (await servers.readLog()).find(({ subject }) => subject.endsWith(".gw.erin")),
    );
    expect(written?.event).toEqual({ type: "activity" });
  });
});

describe("what services change", () => {
  it("is in the log once it is answered", async () => {
    const lastOf = async (userId: string) =>
      (await servers.readLog()).findLast(({ subject }) => subject.endsWith(`.svc.${userId}`))?.event;
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const wish = { availability: "dnd", statusText: "in a meeting", expiresAt };
    expect(await ask("presence.availability", { userId: "alice", ...wish })).toMatchObject({ code: "" });
    expect(await lastOf("alice")).toMatchObject({
      type: "claim",
      source: "service",
      availability: "dnd",
      statusText: "in a meeting",
      expiresAt: Date.parse(expiresAt),
    });
    const joined = { userId: "bob", conversationId: "general", change: "joined" };
    expect(await ask("presence.membership", joined)).toMatchObject({ code: "" });
    expect(await lastOf("bob")).toMatchObject({ type: "directory", profile: { username: "bob" } });
    expect(await ask("presence.account", { userId: "mallory", change: "deleted" })).toMatchObject({
      code: "",
    });
    expect(await lastOf("mallory")).toEqual({ type: "deleted" });
  });

  it.each<[string, string, object, string, string]>([
    ["an availability of an unknown user", "presence.availability", { userId: "zed" }, "404", "not_found"],
    [
      "an end in the past",
      "presence.availability",
      { userId: "alice", expiresAt: "2020-01-01T00:00:00Z" },
      "400",
      "bad_request",
    ],
    ["an anonymous participant", "presence.availability", { userId: "anon_demo" }, "403", "forbidden"],
  ])("%s is refused by name", async (_, subject, request, code, name) => {
    const answer = await ask(subject, { availability: "busy", ...request });
    expect(answer).toMatchObject({ code, data: { error: { code: name } } });
  });
});

describe("discovery", () => {
  it("lists every gateway with its endpoints, in one queue", async () => {
    const infos: ServiceInfo[] = [];
    for await (const info of await new Svcm(service).client(WITHIN).info("presence")) {
      infos.push(info);
    }
    expect(infos).toHaveLength(gateways.length);
    for (const { endpoints } of infos) {
      expect(endpoints.map(({ subject }) => subject).toSorted()).toEqual(SERVICE_SUBJECTS.toSorted());
      expect(new Set(endpoints.map(({ queue_group }) => queue_group))).toEqual(new Set(["gateways"]));
    }
  });

  it("counts what was asked, and what was refused", async () => {
    const count = async () => {
      let requests = 0;
      let refused = 0;
      for await (const { endpoints } of await new Svcm(service).client(WITHIN).stats("presence")) {
        for (const { num_requests, data } of endpoints ?? []) {
          requests += num_requests;
          refused += (data as { refused: number }).refused;
        }
      }
      return { requests, refused };
    };
    const before = await count();
    await ask("presence.query", { userIds: ["bob"] });
    await ask("presence.query", {});
    expect(await count()).toEqual({ requests: before.requests + 2, refused: before.refused + 1 });
  });

  it("no longer lists a gateway that has stopped, whose requests others answer", async () => {
    await gateways[1]?.stop();
    const pings: string[] = [];
    for await (const { id } of await new Svcm(service).client(WITHIN).ping("presence")) pings.push(id);
    expect(pings).toHaveLength(1);
    for (let n = 0; n < 10; n++) expect(await query({ userIds: ["bob"] })).toHaveLength(1);
  });
});

it("a viewer's own connection and the query show the same", async () => {
  const alice = await signIn(gateways[0]?.url ?? "", "alice");
  const { users } = await alice.nth<{ users: UserStatus[] }>("presence:snapshot");
  const shown = users.find(({ userId }) => userId === "bob");
  expect(await query({ userIds: ["bob"], viewerId: "alice" })).toEqual([shown]);
  alice.close();
});
