import { eventually } from "@meeshy/shared/testing/eventually";
import { startTcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import {
  type RunningGateway,
  type Servers,
  signIn,
  startServers,
  tokenFor,
} from "../../../gateway/test/harness.ts";
import { startWorker } from "../../../gateway/test/worker.ts";
import { isFeedLive } from "../../presence/connection.ts";
import { createPresence, type Presence, type PresenceOptions } from "../../presence/presence.ts";
import { roomsOf } from "../../presence/rooms.ts";

/** The SDK on a real gateway, which here counts every conversation of more than one member as large. */

let servers: Servers;
let gateway: RunningGateway;
beforeAll(async () => {
  servers = await startServers();
  gateway = await servers.gateway({ LARGE_ROOM_SIZE: "1" });
});
afterAll(() => servers?.stop());

function open(options: PresenceOptions = {}): Presence {
  const presence = createPresence({
    url: gateway.url,
    token: () => tokenFor("alice"),
    activityTarget: new EventTarget(),
    ...options,
  });
  onTestFinished(() => presence.leave());
  return presence;
}
const stateOf = (presence: Presence) => presence.store.getState();
const isLive = (presence: Presence, within = 10_000) =>
  eventually(() => stateOf(presence).connection.phase === "live", { what: "the view is live", within });

it("shows people of a conversation too large for the feed, and their changes, for as long as they are watched", async () => {
  const presence = open();
  await isLive(presence);
  const bobIs = (isOnline: boolean) =>
    eventually(() => stateOf(presence).users.get("bob")?.isOnline === isOnline, {
      what: `bob is ${isOnline}`,
    });
  await servers.publishStatus("bob", { version: 10, conversationIds: ["general", "project"] });
  expect(stateOf(presence).users.get("bob")).toBeUndefined();

  const stop = presence.watch(["bob", "no-one-of-that-name"]);
  await bobIs(true);
  expect(stateOf(presence).users.get("no-one-of-that-name")?.isOnline).toBe(false);
  await servers.publishStatus("bob", {
    version: 11,
    isOnline: false,
    conversationIds: ["general", "project"],
  });
  await bobIs(false);

  // The socket of the next connection watches no one by itself.
  presence.socket.io.engine.close();
  await eventually(() => stateOf(presence).connection.phase !== "live");
  await isLive(presence);
  await servers.publishStatus("bob", { version: 12, conversationIds: ["general", "project"] });
  await bobIs(true);
  stop();
});

it("reads a conversation's members, and counts them as the server does", async () => {
  const presence = open();
  const rooms = roomsOf(presence);
  onTestFinished(rooms.follow("general"));
  const room = await eventually(() => stateOf(presence).rooms.get("general"));
  expect([...room.memberIds].sort()).toEqual(["alice", "anon_demo", "bob", "carol"]);
  expect(room).toMatchObject({ total: 4, error: null, nextCursor: null });
  onTestFinished(rooms.follow("notes"));
  await eventually(() => stateOf(presence).rooms.get("notes")?.error === "not_found");
});

it("asks for a token at each connect and before it runs out, and stays connected", async () => {
  let asked = 0;
  const presence = open({
    token: async () => {
      asked += 1;
      return tokenFor("alice", {}, { expiresIn: asked === 1 ? 3 : 60 });
    },
  });
  await isLive(presence);
  const { id } = presence.socket;
  await eventually(() => asked === 2, { what: "the token is renewed" });
  const started = performance.now();
  await eventually(() => performance.now() - started > 3_000);
  expect([presence.socket.connected, presence.socket.id]).toEqual([true, id]);
});

it("comes back with a fresh token when the one of the connection has run out", async () => {
  let asked = 0;
  const presence = open({
    token: () => {
      asked += 1;
      if (asked === 2) throw new Error("the identity provider is away");
      return tokenFor("alice", {}, { expiresIn: asked === 1 ? 2 : 60 });
    },
  });
  await isLive(presence);
  const { id } = presence.socket;
  await eventually(() => asked >= 3 && presence.socket.connected && presence.socket.id !== id);
  await isLive(presence);
});

it("is refused for good without a token, and tried again while the token's source is away", async () => {
  const signedOut = open({ token: () => null });
  const refusal = await eventually(() => {
    const { connection } = stateOf(signedOut);
    return connection.phase === "refused" ? connection.error : undefined;
  });
  expect(refusal).toMatchObject({ code: "unauthorized", retryable: false });

  let asked = 0;
  const away = open({
    token: async () => {
      asked += 1;
      if (asked === 1) throw new Error("away");
      return tokenFor("alice");
    },
  });
  await eventually(() => stateOf(away).connection.phase === "refused");
  await isLive(away);
});

it("knows within 5 s that a gateway stands still, and is live again with its next answer", async () => {
  const proxy = await startTcpProxy(Number(new URL(gateway.url).port));
  onTestFinished(() => proxy.close());
  const presence = open({ url: `http://127.0.0.1:${proxy.port}` });
  await isLive(presence);
  proxy.freeze();
  await eventually(() => stateOf(presence).connection.phase === "stale", { within: 5_500 });
  expect(stateOf(presence).connection).toMatchObject({ reason: "no-answer" });
  expect(isFeedLive(stateOf(presence).connection)).toBe(false);
  proxy.mend();
  await isLive(presence);
});

it("reports activity again after it has left and come back, and nothing before the person does something", async () => {
  const target = new EventTarget();
  const presence = open({ activityTarget: target, token: () => tokenFor("carol") });
  await isLive(presence);
  const activities = async () => {
    const log = await servers.readLog();
    return log.filter(({ event, subject }) => event.type === "activity" && subject.endsWith(".carol")).length;
  };
  presence.leave();
  target.dispatchEvent(new Event("keydown"));
  presence.reconnect();
  await isLive(presence);
  expect(await activities()).toBe(0);
  await servers.publishStatus("carol", { version: 20, isOnline: false });
  target.dispatchEvent(new Event("keydown"));
  presence.activity();
  await eventually(async () => (await activities()) > 0);
});

it("says what others see of the person, and changes it", async () => {
  const worker = await startWorker(servers);
  onTestFinished(() => worker.stop());
  const presence = open({ device: "a phone" });
  await eventually(() => stateOf(presence).self?.connections?.some(({ device }) => device === "a phone"));
  await presence.setAvailability({ availability: "busy", statusText: "in a meeting" });
  await eventually(() => stateOf(presence).self?.choices?.standing.availability === "busy");
  expect(stateOf(presence).self?.user).toMatchObject({ availability: "busy", statusText: "in a meeting" });
  await expect(presence.setAvailability({ availability: "busy", expiresAt: "soon" })).rejects.toMatchObject({
    name: "PresenceRequestError",
    code: "bad_request",
  });
});

it("leaves at once for others", async () => {
  const worker = await startWorker(servers);
  onTestFinished(() => worker.stop());
  const bob = await signIn(gateway.url, "bob");
  onTestFinished(() => bob.close());
  await bob.ask("presence:watch", { userIds: ["alice"] });
  const presence = open();
  const alice = (isOnline: boolean) =>
    eventually(() =>
      bob
        .all<{ userId: string; isOnline: boolean }>("user:status")
        .some((s) => s.userId === "alice" && s.isOnline === isOnline),
    );
  await isLive(presence);
  await alice(true);
  presence.leave();
  await alice(false);
  expect(stateOf(presence).connection).toEqual({ phase: "ended", reason: "left" });
});
