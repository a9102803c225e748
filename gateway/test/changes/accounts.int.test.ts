import { fromBytes, toBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import type { PresenceSnapshot } from "@meeshy/shared/socket-events";
import { hiddenStatus, type UserStatus } from "@meeshy/shared/status";
import { BUCKET_STATE, recordKey, STREAM_STATUS, statusSetSubject } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type Client,
  call,
  openClient,
  type RunningGateway,
  type Servers,
  signIn,
  startServers,
  tokenFor,
} from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

let servers: Servers;
let worker: RunningWorker;
let first: RunningGateway;
let second: RunningGateway;
let bob: Client;
beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  [first, second] = await Promise.all([servers.gateway(), servers.gateway()]);
  await servers.db.user.createMany({
    data: ["leaver", "goner", "careless", "newcomer"].map((id) => ({ id, username: id })),
  });
  await servers.db.conversationMember.createMany({
    data: ["leaver", "goner", "careless", "newcomer"].map((userId) => ({
      conversationId: "general",
      userId,
    })),
  });
});
afterAll(async () => {
  await worker?.stop();
  await servers?.stop();
});
beforeEach(async () => {
  bob?.close();
  bob = await signIn(first.url, "bob");
});

const read = async (userId: string, gateway = second) =>
  (await call(gateway.url, `/api/users/${userId}`, { as: "bob" })).body.user;
const lastPartial = (userId: string) =>
  bob
    .all<PresenceSnapshot>("presence:snapshot")
    .filter(({ partial }) => partial)
    .flatMap(({ users }) => users)
    .findLast((user) => user.userId === userId);
const lastStatus = (userId: string) =>
  bob.all<UserStatus>("user:status").findLast((status) => status.userId === userId);
const cameOnline = (userId: string) =>
  eventually(() =>
    bob.all<UserStatus>("user:status").some((status) => status.userId === userId && status.isOnline),
  );
const why = (userId: string) =>
  call(first.url, `/api/admin/users/${userId}/presence`, {
    headers: { authorization: `Bearer ${tokenFor("admin", { role: "ADMIN" })}` },
  });

describe("an account that is deactivated", () => {
  it("has its sockets closed on every gateway, is hidden, and is let in no more", async () => {
    const sockets = [await signIn(first.url, "leaver"), await signIn(second.url, "leaver")];
    await cameOnline("leaver");
    await first.people.accounts.change("leaver", "deactivated");
    for (const socket of sockets) expect(await socket.nth("disconnect")).toBe("io server disconnect");
    await eventually(() => expect(lastStatus("leaver")).toMatchObject({ isOnline: false }));
    for (const gateway of [first, second]) {
      expect(await read("leaver", gateway)).toEqual(hiddenStatus("leaver", "leaver"));
      const refused = openClient(gateway.url, { token: tokenFor("leaver") });
      expect(await refused.nth("connect_error")).toMatchObject({
        code: "account_disabled",
        retryable: false,
      });
    }
  });
});

describe("an account that is deleted", () => {
  it("leaves no row, status or history, of its record the id and log positions, and reads like an unknown user", async () => {
    const sockets = [await signIn(first.url, "goner"), await signIn(second.url, "goner")];
    await cameOnline("goner");
    await eventually(
      async () => (await servers.db.presenceTransition.count({ where: { userId: "goner" } })) > 0,
    );
    await second.people.accounts.change("goner", "deleted");
    for (const socket of sockets) expect(await socket.nth("disconnect")).toBe("io server disconnect");
    await eventually(() => expect(lastPartial("goner")).toEqual(hiddenStatus("goner", null)));
    for (const gateway of [first, second])
      expect(await read("goner", gateway)).toEqual(hiddenStatus("goner", null));
    expect(await servers.db.user.count({ where: { id: "goner" } })).toBe(0);
    const statusOf = () => servers.link.lastValue(STREAM_STATUS, statusSetSubject("goner"));
    const recordOf = () =>
      servers.link.lastValue(bucketStream(BUCKET_STATE), keySubject(BUCKET_STATE, recordKey("goner")));
    await eventually(async () => expect(await statusOf()).toBeUndefined());
    const record = fromBytes((await recordOf())?.data ?? toBytes(null));
    expect(record).toMatchObject({
      ...{ person: { username: null, conversationIds: [] }, connections: [], unsaved: [] },
      ...{ statusText: null, lastActiveAt: null, lastSeen: null },
    });
    expect(JSON.stringify(record)).not.toContain("general");
    expect(await servers.db.presenceTransition.count({ where: { userId: "goner" } })).toBe(0);
    expect((await why("goner")).status).toBe(404);
  });
});

describe("an account whose sessions are revoked", () => {
  it("has its sockets closed on every gateway, the tokens of before are refused, and a new one lets in", async () => {
    const stolen = tokenFor("careless");
    const older = tokenFor("careless", { iat: Math.floor(Date.now() / 1_000) - 1 });
    const sockets = [first, second].map(({ url }) => openClient(url, { token: stolen }));
    for (const socket of sockets) await socket.nth("presence:snapshot");
    await cameOnline("careless");
    await eventually(async () => ((await why("careless")).body.connections as unknown[]).length === 2);
    await first.people.accounts.change("careless", "sessions-revoked");
    for (const socket of sockets) expect(await socket.nth("disconnect")).toBe("io server disconnect");
    const third = await servers.gateway();
    for (const gateway of [first, second, third]) {
      const tokens = gateway === third ? [older] : [stolen, older];
      for (const token of tokens) {
        const refused = openClient(gateway.url, { token });
        expect(await refused.nth("connect_error")).toMatchObject({ code: "token_expired" });
        const headers = { authorization: `Bearer ${token}` };
        expect((await call(gateway.url, "/api/users/me", { headers })).status).toBe(401);
      }
    }
    // Made within one second, two tokens with the same claims would be the same one.
    const again = openClient(first.url, { token: tokenFor("careless", { jti: "another" }) });
    await again.nth("presence:snapshot");
    again.close();
  });
});

describe("an account with news", () => {
  it("is shown under its new name", async () => {
    const socket = await signIn(second.url, "newcomer");
    await cameOnline("newcomer");
    await servers.db.user.update({ where: { id: "newcomer" }, data: { username: "careful" } });
    await second.people.accounts.change("newcomer", "profile");
    await eventually(() =>
      expect(lastPartial("newcomer")).toMatchObject({ username: "careful", isOnline: true }),
    );
    socket.close();
  });
});

describe("why a user is shown as they are", () => {
  it("is shown to administrators: state, deadline, connections and history", async () => {
    const socket = openClient(second.url, { token: tokenFor("carol"), device: "phone" });
    const { connectionId } = await socket.nth<{ connectionId: string }>("authenticated");
    const seen = await eventually(async () => {
      const { body } = await why("carol");
      return body.state === "online" && (body.transitions as unknown[]).length > 0 && body;
    });
    expect(seen).toMatchObject({
      userId: "carol",
      state: "online",
      deadline: expect.stringMatching(/^20.*Z$/),
      connections: [{ connectionId, device: "phone", gatewayId: expect.stringMatching(/^gw-/) }],
      transitions: [
        { from: "offline", to: "online", cause: "connect", connectionId, version: expect.any(Number) },
      ],
    });
    socket.close();
    const gone = await eventually(async () => {
      const { body } = await why("carol");
      return (body.transitions as unknown[]).length > 1 && body;
    });
    expect(gone.transitions).toMatchObject([{ to: "offline", cause: "disconnect" }, { to: "online" }]);
    expect((await why("missing-user")).status).toBe(404);
  });
});
