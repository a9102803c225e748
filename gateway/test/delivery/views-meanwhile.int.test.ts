import type { PresenceSnapshot } from "@meeshy/shared/socket-events";
import type { UserStatus } from "@meeshy/shared/status";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Client, type RunningGateway, type Servers, signIn, startServers } from "../harness.ts";

/** The directory answers who a person is at once, and `held` people's blocks only when they are let go, as a slow one does. */
let servers: Servers;
let gateway: RunningGateway;
let version = 100;
const held = new Map<string, PromiseWithResolvers<void>>();
const asked = new Set<string>();

beforeAll(async () => {
  servers = await startServers();
  const { db, store } = servers;
  const ids = ["viewer", "watcher", "hider", "watched", "blocker", "open"];
  await db.user.createMany({ data: ids.map((id) => ({ id, username: id })) });
  await db.conversation.create({ data: { id: "one" } });
  await db.conversationMember.createMany({
    data: ids.map((userId) => ({ conversationId: "one", userId })),
  });
  const { people: _, blocksOf: __, contacts: ___, ...source } = store.directory;
  const blocks: typeof source.blocks = async (id) => {
    if (held.has(id)) asked.add(id);
    await held.get(id)?.promise;
    return source.blocks(id);
  };
  gateway = await servers.gateway({}, { directory: { ...source, blocks } });
});
afterAll(() => servers?.stop());

const show = (userId: string, isOnline: boolean, directoryVersion = 0) =>
  servers.publishStatus(userId, {
    ...{ isOnline, conversationIds: ["one"], version: ++version },
    directoryVersion,
  });
const statusesOf = (client: Client, userId: string) =>
  client.all<UserStatus>("user:status").filter((status) => status.userId === userId);
const shown = (client: Client) =>
  client
    .all<PresenceSnapshot>("presence:snapshot")
    .at(-1)
    ?.users.map(({ userId }) => userId);
const hold = (userId: string) => {
  const until = Promise.withResolvers<void>();
  held.set(userId, until);
  return () => {
    held.delete(userId);
    until.resolve();
  };
};

it("a person who hides leaves once, and not for a socket whose view was sent while their news was read", async () => {
  await show("hider", true);
  const before = await signIn(gateway.url, "viewer");
  await eventually(() => expect([shown(before), statusesOf(before, "hider")].flat()).not.toEqual([]));
  await servers.db.user.update({ where: { id: "hider" }, data: { showOnlineStatus: false } });
  const letGo = hold("hider");
  await show("hider", true, ++version);
  await eventually(() => asked.has("hider"));
  const meanwhile = await signIn(gateway.url, "watcher");
  expect(shown(meanwhile)).not.toContain("hider");
  letGo();
  await eventually(() => expect(statusesOf(before, "hider").at(-1)).toMatchObject({ isOnline: false }));
  await show("open", true);
  await eventually(() => statusesOf(meanwhile, "open").length > 0);
  expect(statusesOf(meanwhile, "hider")).toEqual([]);
  before.close();
  meanwhile.close();
});

it("a person who hides leaves for a socket that watches them meanwhile: the answer is older than what it knows", async () => {
  await show("watched", true);
  const viewer = await signIn(gateway.url, "viewer");
  await eventually(() => expect([shown(viewer), statusesOf(viewer, "watched")].flat()).not.toEqual([]));
  await servers.db.user.update({ where: { id: "watched" }, data: { showOnlineStatus: false } });
  const letGo = hold("watched");
  await show("watched", true, ++version);
  await eventually(() => asked.has("watched"));
  expect(await viewer.ask("presence:watch", { userIds: ["watched"] })).toMatchObject({
    data: { users: [{ isOnline: false, version: 0 }] },
  });
  letGo();
  await eventually(() => expect(statusesOf(viewer, "watched").at(-1)).toMatchObject({ isOnline: false }));
  viewer.close();
});

it("a person who blocks and comes online does not stay in a view that was sent while their news was read", async () => {
  await show("blocker", false);
  const before = await signIn(gateway.url, "viewer");
  await servers.db.userBlock.create({ data: { blockerId: "blocker", blockedId: "viewer" } });
  const letGo = hold("blocker");
  await show("blocker", true, ++version);
  await eventually(() => asked.has("blocker"));
  const meanwhile = await signIn(gateway.url, "viewer");
  expect(shown(meanwhile)).toContain("blocker");
  letGo();
  await eventually(() => expect(statusesOf(meanwhile, "blocker")).toMatchObject([{ isOnline: false }]));
  expect(statusesOf(before, "blocker").at(-1)?.isOnline ?? false).toBe(false);
  before.close();
  meanwhile.close();
});
