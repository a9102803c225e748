import { DEMO } from "@meeshy/shared/demo";
import { SERVER_EVENTS } from "@meeshy/shared/event-names";
import { hiddenStatus, type UserStatus } from "@meeshy/shared/status";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startPostgres, type TestPostgres } from "@meeshy/shared/testing/servers";
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

let postgres: TestPostgres;
let servers: Servers;
let gateway: RunningGateway;
let version = 100;

/** Who is in the conversation with everyone else, and what sets them apart. */
const PEOPLE = {
  viewer: {},
  open: {},
  blocker: {},
  hidden: { showOnlineStatus: false },
  undated: { showLastSeen: false },
  root: {},
};
const clients = new Map<string, Client>();
const client = (id: string) => clients.get(id) as Client;
const statusesOf = (viewer: string, subject: string) =>
  client(viewer)
    .all(SERVER_EVENTS.USER_STATUS)
    .filter(({ userId }) => userId === subject);

beforeAll(async () => {
  postgres = await startPostgres();
  servers = await startServers({ postgres });
  const { db } = servers;
  const ids = Object.keys(PEOPLE);
  await db.user.createMany({
    data: Object.entries(PEOPLE).map(([id, preferences]) => ({ id, username: id, ...preferences })),
  });
  await db.conversation.createMany({ data: [{ id: "one" }, { id: "two" }] });
  await db.conversationMember.createMany({
    data: ids.flatMap((userId) => ["one", "two"].map((conversationId) => ({ conversationId, userId }))),
  });
  await db.userBlock.create({ data: { blockerId: "blocker", blockedId: "viewer" } });
  gateway = await servers.gateway();
  for (const id of ids.filter((one) => one !== "root")) clients.set(id, await signIn(gateway.url, id));
  clients.set("root", openClient(gateway.url, { token: tokenFor("root", { role: "ADMIN" }) }));
  clients.set("stranger", await signIn(gateway.url, "dave"));
  await client("root").nth("presence:snapshot");
});
afterAll(() => servers?.stop());

const show = (userId: string, isOnline: boolean) =>
  servers.publishStatus(userId, { isOnline, conversationIds: ["one", "two"], version: ++version });
/** Waits until everyone has received a later change of another person: what was to be sent before has been sent. */
const pass = async () => {
  await show("open", true);
  const mark = version;
  await eventually(() =>
    ["viewer", "hidden", "undated", "blocker", "root"].every((id) =>
      statusesOf(id, "open").some((status) => status.version === mark),
    ),
  );
};

describe("a change of status", () => {
  it("is sent with all of it, once a socket, to those who share a conversation and to no one else", async () => {
    const before = await gateway.metric("meeshy_user_status_broadcasts_total");
    await show("open", true);
    for (const id of ["viewer", "hidden", "undated", "blocker", "root"]) {
      expect(await client(id).nth("user:status")).toMatchObject({ userId: "open", version });
    }
    await settle();
    expect(statusesOf("viewer", "open")).toHaveLength(1);
    expect(statusesOf("open", "open")).toEqual([]);
    expect(client("stranger").all("user:status")).toEqual([]);
    expect(await gateway.metric("meeshy_user_status_broadcasts_total")).toBe(before + 1);
  });

  it("of someone who hides it is sent to administrators alone", async () => {
    await show("hidden", true);
    await pass();
    expect(statusesOf("viewer", "hidden")).toEqual([]);
    expect(statusesOf("root", "hidden")).toMatchObject([{ isOnline: true, version: version - 1 }]);
  });

  it("of someone who hides their last seen has no dates, but for administrators", async () => {
    await show("undated", false);
    await pass();
    expect(statusesOf("viewer", "undated")).toMatchObject([
      { isOnline: false, lastSeen: null, lastActiveAt: null },
    ]);
    expect(statusesOf("root", "undated")).toMatchObject([{ isOnline: false, lastSeen: expect.any(String) }]);
  });

  it("is not sent over a block, whichever way it goes", async () => {
    await show("blocker", true);
    await show("viewer", true);
    await pass();
    expect(statusesOf("viewer", "blocker")).toEqual([]);
    expect(statusesOf("blocker", "viewer")).toEqual([]);
    expect(statusesOf("undated", "blocker")).toHaveLength(1);
    expect(statusesOf("undated", "viewer")).toHaveLength(1);
    expect(statusesOf("root", "blocker")).toHaveLength(1);
  });

  it("of an older version, or one sent before, is not sent", async () => {
    await show("open", true);
    const newest = version;
    await servers.publishStatus("open", { isOnline: false, conversationIds: ["one"], version: newest - 1 });
    await servers.publishStatus("open", { conversationIds: ["one"], version: newest });
    await pass();
    const versions = statusesOf("viewer", "open").map((status) => status.version as number);
    expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
    expect(versions).toContain(newest);
  });

  it("reaches an anonymous participant, and goes out from one", async () => {
    const guest = openClient(gateway.url, { sessionToken: DEMO.guest.sessionToken });
    await guest.nth("presence:snapshot");
    const alice = await signIn(gateway.url, "alice");
    await servers.publishStatus("alice", { conversationIds: ["general", "project"], version: ++version });
    expect(await guest.nth("user:status")).toMatchObject({ userId: "alice" });
    const anonymous = {
      username: "guest",
      isAnonymous: true,
      conversationIds: ["general"],
      version: ++version,
    };
    await servers.publishStatus(DEMO.guest.id, anonymous);
    expect(await alice.nth("user:status")).toMatchObject({ userId: DEMO.guest.id, isAnonymous: true });
    guest.close();
    alice.close();
  });
});

describe("snapshot, live change and REST", () => {
  it("show the same person the same way", async () => {
    for (const id of ["open", "hidden", "undated", "blocker", "viewer"]) await show(id, true);
    await pass();
    const again = await signIn(gateway.url, "viewer");
    const { users } = await again.nth<{ users: UserStatus[] }>("presence:snapshot");
    expect(users.map(({ userId }) => userId).sort()).toEqual(["open", "undated"]);
    const read = async (id: string) =>
      (await call(gateway.url, `/api/users/${id}`, { as: "viewer" })).body.user;
    for (const status of users) {
      expect(await read(status.userId)).toEqual(status);
      expect(statusesOf("viewer", status.userId).at(-1)).toEqual(status);
    }
    for (const id of ["hidden", "blocker"]) expect(await read(id)).toEqual(hiddenStatus(id, id));
    again.close();
  });

  it("show an administrator everyone", async () => {
    const root = openClient(gateway.url, { token: tokenFor("root", { role: "ADMIN" }) });
    const { users } = await root.nth<{ users: UserStatus[] }>("presence:snapshot");
    expect(users.map(({ userId }) => userId).sort()).toEqual([
      "blocker",
      "hidden",
      "open",
      "undated",
      "viewer",
    ]);
    root.close();
  });
});

it("a person of whom nothing was known is sent as soon as the directory has them", async () => {
  await servers.publishStatus("late", { conversationIds: ["one"], version: ++version });
  await servers.db.user.create({ data: { id: "later", username: "later" } });
  await servers.publishStatus("later", { conversationIds: ["one"], version: ++version });
  await eventually(() => statusesOf("viewer", "later").length === 1);
  expect(statusesOf("viewer", "late")).toEqual([]);
});

describe("with the database away", () => {
  it("statuses flow to connected viewers, and still not over a block", async () => {
    await show("blocker", true);
    const own = await servers.gateway();
    const [viewer, undated] = [await signIn(own.url, "viewer"), await signIn(own.url, "undated")];
    await postgres.kill();
    await servers.publishStatus("blocker", { isOnline: false, conversationIds: ["one"], version: ++version });
    await undated.nth("user:status");
    await settle();
    expect(viewer.all("user:status")).toEqual([]);
    await postgres.restart();
  });

  it("statuses flow of people, too, who have not been seen here before", async () => {
    const source = servers.store.directory;
    const read = new Set<string>();
    const users: typeof source.users = async (ids) => {
      const found = await source.users(ids);
      for (const id of found.keys()) read.add(id);
      return found;
    };
    const own = await servers.gateway({}, { directory: { ...source, users } });
    const viewer = await signIn(own.url, "viewer");
    await eventually(() => read.has("open"));
    await postgres.kill();
    await show("open", true);
    expect(await viewer.nth("user:status")).toMatchObject({ userId: "open", isOnline: true });
    await postgres.restart();
  });

  it("a change that had to wait is sent once the directory answers, if it is still the last one", async () => {
    const own = await servers.gateway();
    const viewer = await signIn(own.url, "viewer");
    await servers.db
      .$executeRaw`INSERT INTO "User" ("id", "username") VALUES ('newcomer', 'newcomer') ON CONFLICT DO NOTHING`;
    await postgres.kill();
    const shown = { conversationIds: ["one"], username: "newcomer" };
    await servers.publishStatus("newcomer", { ...shown, version: ++version });
    await servers.publishStatus("newcomer", { ...shown, isOnline: false, version: ++version });
    await postgres.restart();
    const received = await viewer.nth("user:status");
    await settle();
    expect(received).toMatchObject({ userId: "newcomer", isOnline: false, version });
    expect(viewer.all("user:status")).toHaveLength(1);
  });
});
