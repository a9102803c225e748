import { DEMO } from "@meeshy/shared/demo";
import type { UserStatus } from "@meeshy/shared/status";
import { partitionOf } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startTcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import {
  call,
  type LogLine,
  openClient,
  type RunningGateway,
  type Servers,
  settle,
  signIn,
  startServers,
  tokenFor,
} from "../harness.ts";

let servers: Servers;
let gateway: RunningGateway;
beforeAll(async () => {
  servers = await startServers();
  gateway = await servers.gateway();
});
afterAll(() => servers?.stop());

const logOf = async (connectionId: string): Promise<LogLine[]> =>
  (await servers.readLog()).filter(
    ({ event }) => "connectionId" in event && event.connectionId === connectionId,
  );
/** A token that was issued a while ago; `life` in all, and what of it is `left`, in seconds. */
const tokenInUse = (userId: string, { life, left }: { life: number; left: number }) => {
  const exp = Math.floor(Date.now() / 1_000) + left;
  return tokenFor(userId, { iat: exp - life, exp }, {});
};
const typesOf = (lines: LogLine[]) => lines.map(({ event }) => event.type);

describe("a connection", () => {
  it("is in the log before it is authenticated, and gets the snapshot after", async () => {
    const carol = openClient(gateway.url, { token: tokenFor("carol"), device: "phone" });
    const { connectionId, ...rest } = await carol.nth<{ connectionId: string }>("authenticated");
    expect(rest).toEqual({ success: true, user: { id: "carol", username: "carol", isAnonymous: false } });
    expect(await logOf(connectionId)).toMatchObject([
      {
        subject: `presence.in.${partitionOf("carol")}.gw.carol`,
        event: { type: "connected", device: "phone", idleMs: 0, profile: { conversationIds: ["general"] } },
      },
    ]);
    await carol.nth("presence:snapshot");
    expect(carol.events()).toEqual(["authenticated", "presence:snapshot"]);
    carol.close();
  });

  it("leaves with Socket.IO's own reason", async () => {
    const [clean, cut] = await Promise.all(["alice", "bob"].map((id) => signIn(gateway.url, id)));
    clean?.close();
    cut?.socket.io.engine.close();
    const reasons = async () =>
      (await servers.readLog()).flatMap(({ event }) => (event.type === "disconnected" ? [event.reason] : []));
    await eventually(async () => (await reasons()).length >= 3);
    expect((await reasons()).slice(1).sort()).toEqual(["client namespace disconnect", "transport close"]);
  });

  it("that closes before it is in the log is in the log all the same, in order", async () => {
    const hasty = openClient(gateway.url, { token: tokenFor("dave") });
    hasty.socket.on("connect", () => hasty.close());
    const ofDave = async () => (await servers.readLog()).filter(({ subject }) => subject.endsWith(".dave"));
    await eventually(async () => (await ofDave()).length === 2);
    expect(typesOf(await ofDave())).toEqual(["connected", "disconnected"]);
  });

  it("works over polling, and by headers instead of auth", async () => {
    const polling = openClient(
      gateway.url,
      {},
      { transports: ["polling"], extraHeaders: { authorization: `Bearer ${tokenFor("alice")}` } },
    );
    expect(await polling.nth("authenticated")).toMatchObject({ user: { id: "alice" } });
    polling.close();
  });

  it("of an anonymous participant has their conversation", async () => {
    const guest = openClient(gateway.url, { sessionToken: DEMO.guest.sessionToken });
    const { connectionId, user } = await guest.nth<{ connectionId: string; user: object }>("authenticated");
    expect(user).toEqual({ id: DEMO.guest.id, username: DEMO.guest.username, isAnonymous: true });
    expect((await logOf(connectionId))[0]?.event).toMatchObject({
      profile: { isAnonymous: true, conversationIds: ["general"] },
    });
    guest.close();
  });

  it("numbers its gateway's messages from 1 in every partition, without holes", async () => {
    const users = Array.from({ length: 100 }, (_, n) => `many-${n}`);
    await servers.db.user.createMany({ data: users.map((id) => ({ id, username: id })) });
    const clients = users.map((id) => openClient(gateway.url, { token: tokenFor(id) }));
    await Promise.all(clients.map((client) => client.nth("authenticated")));
    for (const client of clients) client.close();
    const log = await eventually(async () => {
      const lines = await servers.readLog();
      const gone = lines.filter(
        ({ event, subject }) => event.type === "disconnected" && subject.includes("many-"),
      );
      return gone.length === users.length && lines;
    });
    const byPartition = Map.groupBy(log, ({ subject, publisher }) => `${publisher} ${subject.split(".")[2]}`);
    for (const lines of byPartition.values()) {
      expect(lines.map(({ number }) => number)).toEqual(lines.map((_, index) => index + 1));
    }
    expect(new Set(log.map(({ publisher }) => publisher)).size).toBe(1);
    expect(await gateway.metric("meeshy_connections")).toBe(0);
  });

  it("over a gateway with a slow link receives nothing older than what was stored before it", async () => {
    const proxy = await startTcpProxy(servers.nats.port);
    onTestFinished(() => proxy.close());
    const slow = await servers.gateway({}, { natsPort: proxy.port });
    proxy.slow(700);
    const shown = { conversationIds: ["general"], epoch: 1 };
    await servers.publishStatus("bob", { ...shown, version: 7_001, isOnline: false, cause: "disconnect" });
    await servers.publishStatus("bob", { ...shown, version: 7_002 });
    const carol = openClient(slow.url, { token: tokenFor("carol") });
    const { users } = await carol.nth<{ users: UserStatus[] }>("presence:snapshot");
    expect(carol.events().slice(0, 2)).toEqual(["authenticated", "presence:snapshot"]);
    expect(users).toMatchObject([{ userId: "bob", version: 7_002 }]);
    await servers.publishStatus("bob", { ...shown, version: 7_003, isOnline: false, cause: "disconnect" });
    expect(await carol.nth("user:status")).toMatchObject({ userId: "bob", version: 7_003 });
    carol.close();
  });

  it("renews its token in place: it hears of the end before, is acknowledged, and lives on", async () => {
    // Of a life of 25 s the last fifth is left when the end is announced: time enough, on a busy machine too.
    const client = openClient(gateway.url, { token: tokenInUse("alice", { life: 25, left: 7 }) });
    await client.nth("authenticated");
    const { expiresAt } = await client.nth<{ expiresAt: string }>("auth:expiring");
    const left = Date.parse(expiresAt) - Date.now();
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(5_000);
    const refusals = {
      other: tokenFor("bob"),
      none: "no token",
      past: tokenFor("alice", {}, { expiresIn: -1 }),
    };
    for (const [what, code] of [
      ["other", "unauthorized"],
      ["none", "unauthorized"],
      ["past", "token_expired"],
    ] as const) {
      expect(await client.ask("auth:renew", { token: refusals[what] })).toMatchObject({
        success: false,
        error: { code },
      });
    }
    expect(await client.ask("auth:renew", {})).toMatchObject({ error: { code: "bad_request" } });
    const renewed = await client.ask("auth:renew", { token: tokenInUse("alice", { life: 20, left: 5 }) });
    expect(renewed).toMatchObject({ success: true, data: { expiresAt: expect.any(String) } });
    const end = Date.parse((renewed.data as { expiresAt: string }).expiresAt);
    await client.nth("auth:expiring", 2);
    expect(client.all("auth:expired")).toEqual([]);
    expect(await client.nth("disconnect")).toBe("io server disconnect");
    expect(Date.now()).toBeGreaterThanOrEqual(end);
    expect(client.all("authenticated")).toHaveLength(1);
  });

  it("receives `auth:expired` when its token expires, and is ended for good", async () => {
    const client = openClient(gateway.url, { token: tokenFor("alice", {}, { expiresIn: 2 }) });
    const { connectionId } = await client.nth<{ connectionId: string }>("authenticated");
    expect(await client.nth("disconnect")).toBe("io server disconnect");
    expect(client.all("auth:expired")).toHaveLength(1);
    await eventually(async () => (await logOf(connectionId)).length === 2);
    expect((await logOf(connectionId))[1]?.event).toMatchObject({ reason: "token expired" });
  });
});

describe("an activity", () => {
  const activities = async (userId: string) =>
    (await servers.readLog()).filter(
      ({ event, subject }) => event.type === "activity" && subject.endsWith(`.${userId}`),
    ).length;

  it("reaches the log once in the throttle's time, from socket, chat and REST together", async () => {
    const carol = await signIn(gateway.url, "carol");
    await servers.publishStatus("carol", { conversationIds: ["general"], version: 20 });
    expect(await carol.ask("activity")).toEqual({ success: true });
    expect(await carol.ask("activity")).toEqual({ success: true });
    await carol.ask("message:send", { conversationId: "general", content: "hello" });
    await fetch(`${gateway.url}/api/users/status`, {
      headers: { authorization: `Bearer ${tokenFor("carol")}` },
    });
    await eventually(async () => (await activities("carol")) > 0);
    await settle();
    expect(await activities("carol")).toBe(1);
    expect(await gateway.metric("meeshy_throttled_requests_total")).toBeGreaterThanOrEqual(3);
    carol.close();
  });

  it("passes at once when the user has been shown offline since", async () => {
    const carol = await signIn(gateway.url, "carol");
    const before = await activities("carol");
    const alice = await signIn(gateway.url, "alice");
    await servers.publishStatus("carol", { conversationIds: ["general"], version: 30, isOnline: false });
    await alice.nth("user:status");
    await carol.ask("activity");
    await eventually(async () => (await activities("carol")) === before + 1);
    carol.close();
    alice.close();
  });

  it("does not come from a passive request", async () => {
    const ask = (userId: string, headers: Record<string, string> = {}) =>
      call(gateway.url, "/api/users/status", { as: userId, headers });
    const [bobs, daves] = [await activities("bob"), await activities("dave")];
    await ask("bob", { "x-presence-passive": "1" });
    await ask("dave");
    await eventually(async () => (await activities("dave")) === daves + 1);
    expect(await activities("bob")).toBe(bobs);
  });
});
