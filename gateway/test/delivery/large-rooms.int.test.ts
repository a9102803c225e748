import type { Occupancy } from "@meeshy/shared/socket-events";
import { hiddenStatus, type UserStatus } from "@meeshy/shared/status";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Client,
  call,
  openClient,
  type RunningGateway,
  type Servers,
  settle,
  signIn,
  startServers,
  tokenFor,
} from "../harness.ts";

/** A room of more members than `LARGE_ROOM_SIZE`, and one of fewer, here of 5. */
const MEMBERS = ["ann", "ben", "cas", "dan", "eve", "fay", "gus"];
const SMALL = ["ann", "ben"];
const TOTAL = MEMBERS.length + 1; // and one who hides

let servers: Servers;
let gateway: RunningGateway;
let version = 100;
const clients: Client[] = [];

beforeAll(async () => {
  servers = await startServers();
  const { db } = servers;
  await db.user.createMany({ data: MEMBERS.map((id) => ({ id, username: id })) });
  await db.user.create({ data: { id: "hid", username: "hid", showOnlineStatus: false } });
  await db.user.create({ data: { id: "root", username: "root", role: "ADMIN" } });
  await db.conversation.createMany({ data: [{ id: "big" }, { id: "few" }] });
  await db.conversationMember.createMany({
    data: [
      ...[...MEMBERS, "hid"].map((userId) => ({ conversationId: "big", userId })),
      ...SMALL.map((userId) => ({ conversationId: "few", userId })),
    ],
  });
  await db.userBlock.create({ data: { blockerId: "eve", blockedId: "ann" } });
  gateway = await servers.gateway({ LARGE_ROOM_SIZE: "5" });
});
afterAll(() => servers?.stop());

const enter = async (userId: string) => {
  const client = await signIn(gateway.url, userId);
  clients.push(client);
  return client;
};
const show = (userId: string, isOnline: boolean, conversationIds = ["big"]) =>
  servers.publishStatus(userId, { isOnline, conversationIds, version: ++version });
const countsOf = (client: Client) => client.all<Occupancy>("presence:occupancy");
const lastCounts = (client: Client) => countsOf(client).at(-1);
const countsNow = async () => {
  const { body } = await call(gateway.url, "/api/conversations/big/presence", { as: "ann" });
  return { online: body.online, total: body.total };
};
const statusesOf = (client: Client, userId: string) =>
  client.all<UserStatus>("user:status").filter((status) => status.userId === userId);

describe("a large room", () => {
  it("receives how many are there, once in 5 s however many come and go, and no one by name", async () => {
    const ann = await enter("ann");
    const gus = await enter("gus");
    for (const id of ["cas", "dan", "eve"]) await show(id, true);
    await eventually(() => lastCounts(ann)?.online === 3);
    const begin = countsOf(ann).length;
    for (let round = 0; round < 20; round++) await show("cas", round % 2 === 1);
    await show("dan", false);
    await eventually(() => lastCounts(ann)?.online === 2);
    expect(countsOf(ann).length).toBeLessThanOrEqual(begin + 2);
    expect(countsOf(ann).every(({ total }) => total === TOTAL)).toBe(true);
    expect(lastCounts(gus)).toEqual({ conversationId: "big", online: 2, total: TOTAL });
    for (const client of [ann, gus]) expect(client.all("user:status")).toEqual([]);
    expect(await countsNow()).toEqual({ online: 2, total: TOTAL });
  });

  it("counts people who hide as offline, for administrators too", async () => {
    await servers.db.conversationMember.create({ data: { conversationId: "big", userId: "root" } });
    const before = await countsNow();
    await show("hid", true);
    const root = openClient(gateway.url, { token: tokenFor("root", { role: "ADMIN" }) });
    const { occupancy } = await root.nth<{ occupancy: Occupancy[] }>("presence:snapshot");
    await show("fay", true);
    await eventually(async () => (await countsNow()).online !== before.online);
    expect((await countsNow()).online).toBe((before.online as number) + 1);
    expect(occupancy[0]?.online).toBeLessThanOrEqual((before.online as number) + 1);
    expect(root.all("user:status")).toEqual([]);
    root.close();
  });

  it("is a count in a snapshot, which names only those who share a smaller conversation", async () => {
    await show("ben", true, ["big", "few"]);
    await show("cas", true);
    const again = await enter("ann");
    const snapshot = await again.nth<{ users: UserStatus[]; occupancy: Occupancy[] }>("presence:snapshot");
    expect(snapshot.users.map(({ userId }) => userId)).toEqual(["ben"]);
    expect(snapshot.occupancy).toEqual([
      { conversationId: "big", online: expect.any(Number), total: expect.any(Number) },
    ]);
    await show("ben", false, ["big", "few"]);
    expect(await again.nth("user:status")).toMatchObject({ userId: "ben", isOnline: false });
  });

  it("that was not large becomes one, and its members' views follow", async () => {
    const { db } = servers;
    const guests = Array.from({ length: 4 }, (_, n) => `guest${n}`);
    await db.user.createMany({ data: guests.map((id) => ({ id, username: id })) });
    const own = await servers.gateway({ LARGE_ROOM_SIZE: "5" });
    await show("ben", true, ["big", "few"]);
    const ann = await signIn(own.url, "ann");
    expect(await ann.nth("presence:snapshot")).toMatchObject({ users: [{ userId: "ben" }] });
    await db.conversationMember.createMany({
      data: guests.map((userId) => ({ conversationId: "few", userId })),
    });
    const changed = await eventually(
      () => ann.all<{ users: UserStatus[]; occupancy: Occupancy[] }>("presence:snapshot")[1],
      { within: 45_000, what: "a snapshot after the room grew" },
    );
    expect(changed?.users).toEqual([]);
    expect(changed?.occupancy.map(({ conversationId }) => conversationId).sort()).toEqual(["big", "few"]);
    await db.conversationMember.deleteMany({ where: { userId: { in: guests } } });
    await own.stop();
  }, 60_000);
});

describe("watching", () => {
  it("brings the changes of the watched in a large room, until it ends", async () => {
    const gus = await enter("gus");
    await show("cas", true);
    const answer = await gus.ask("presence:watch", { userIds: ["cas"] });
    expect(answer).toMatchObject({ success: true, data: { users: [{ userId: "cas", username: "cas" }] } });
    await show("cas", false);
    expect(await gus.nth("user:status")).toMatchObject({ userId: "cas", isOnline: false, version });
    expect(await gus.ask("presence:unwatch", { userIds: ["cas", "missing"] })).toMatchObject({
      success: true,
    });
    await show("cas", true);
    await gus.ask("presence:watch", { userIds: ["dan"] });
    await show("dan", true);
    await eventually(() => statusesOf(gus, "dan").length === 1);
    expect(statusesOf(gus, "cas")).toHaveLength(1);
  });

  it("answers like a read, and shows nothing of strangers, blocks and those who hide", async () => {
    const ann = await enter("ann");
    const unseen = ["eve", "hid", "dave", "missing"];
    const answer = await ann.ask("presence:watch", { userIds: [...unseen, "cas"] });
    const { users } = answer.data as { users: UserStatus[] };
    expect(users.slice(0, 4)).toEqual([
      hiddenStatus("eve", "eve"),
      hiddenStatus("hid", "hid"),
      hiddenStatus("dave", null),
      hiddenStatus("missing", null),
    ]);
    for (const id of ["eve", "hid"]) await show(id, true);
    await show("dave", true, ["notes"]);
    await show("cas", true);
    await eventually(() => statusesOf(ann, "cas").length === 1);
    await settle();
    expect(ann.all<UserStatus>("user:status").map(({ userId }) => userId)).toEqual(["cas"]);
  });

  it("keeps the watched in the view when it is sent again", async () => {
    const own = await servers.gateway({ LARGE_ROOM_SIZE: "5" });
    await show("cas", true);
    const gus = await signIn(own.url, "gus");
    await gus.ask("presence:watch", { userIds: ["cas"] });
    await servers.nats.kill();
    await gus.nth("presence:stale");
    await servers.nats.restart();
    const { users } = await gus.nth<{ users: UserStatus[] }>("presence:snapshot", 2);
    expect(users).toMatchObject([{ userId: "cas", isOnline: true }]);
    await own.stop();
  });

  it("of more than 200 people on one socket is refused", async () => {
    const gus = await enter("gus");
    const ids = (from: number, count: number) => Array.from({ length: count }, (_, n) => `u${from + n}`);
    expect(await gus.ask("presence:watch", { userIds: ids(0, 200) })).toMatchObject({ success: true });
    expect(await gus.ask("presence:watch", { userIds: ids(0, 5) })).toMatchObject({ success: true });
    expect(await gus.ask("presence:watch", { userIds: ids(200, 1) })).toMatchObject({
      success: false,
      error: { code: "too_many_ids" },
    });
    await gus.ask("presence:unwatch", { userIds: ids(0, 1) });
    expect(await gus.ask("presence:watch", { userIds: ids(200, 1) })).toMatchObject({ success: true });
  });
});
