import type { UserEvent } from "@meeshy/shared/events";
import { toBytes } from "@meeshy/shared/nats/last-value";
import type { StatusMessage } from "@meeshy/shared/status";
import { eventSubject, statusSetSubject } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, expect, test } from "vitest";
import { allOwned, profileOf, type Rig, type RunningWorker, startRig } from "./rig.ts";

let rig: Rig;
let worker: RunningWorker;
beforeAll(async () => {
  rig = await startRig({ graceMs: 0, erasedKeptMs: 2_000 });
  worker = await rig.startWorker();
  await allOwned(worker);
});
afterAll(() => rig?.stop());

const order = async (userId: string, event: UserEvent): Promise<number> =>
  (await rig.link.acks.publish(eventSubject("svc", userId), toBytes({ event }))).seq;
const news = (userId: string, conversationIds: string[]) =>
  order(userId, { type: "directory", profile: profileOf(userId, { conversationIds }) });
const published = (userId: string, directoryVersion: number) =>
  eventually(async () => {
    const status = await rig.status(userId);
    return status?.directoryVersion === directoryVersion && status;
  });

test("news of an online user are published under the version and dates that they had", async () => {
  await rig.addUser("online");
  const version = await rig.gateway().connect("online", "c1");
  await eventually(async () => (await rig.status("online"))?.version === version);
  const before = await rig.status("online");
  const seq = await news("online", ["general", "project"]);
  expect(await published("online", seq)).toEqual({
    ...before,
    conversationIds: ["general", "project"],
    directoryVersion: seq,
  });
});

test("news of a user whose record is gone keep the current status", async () => {
  await rig.addUser("gone");
  const gateway = rig.gateway();
  await gateway.connect("gone", "c1");
  const version = await gateway.disconnect("gone", "c1");
  await eventually(async () => (await rig.status("gone"))?.version === version);
  await eventually(async () => (await rig.record("gone")) !== undefined);
  await eventually(async () => (await rig.record("gone")) === undefined, { what: "the record is gone" });
  const before = await rig.status("gone");
  const seq = await news("gone", ["elsewhere"]);
  expect(await published("gone", seq)).toEqual({
    ...before,
    conversationIds: ["elsewhere"],
    directoryVersion: seq,
  });
});

test("news of a user whose record is gone keep the status that the release before has written", async () => {
  await rig.addUser("old");
  const {
    displayName: _,
    statusExpiresAt: __,
    ...status
  } = {
    ...((await rig.status("gone")) as StatusMessage),
    ...{ userId: "old", version: 7, directoryVersion: 0 },
  };
  await rig.link.acks.publish(statusSetSubject("old"), toBytes({ ...status, v: 1 }));
  const seq = await news("old", ["elsewhere"]);
  expect(await published("old", seq)).toMatchObject({ version: 7, conversationIds: ["elsewhere"] });
});

test("news of a user never seen are published as offline at version 0, and block no later status", async () => {
  await rig.addUser("unseen");
  const seq = await news("unseen", ["general"]);
  expect(await published("unseen", seq)).toMatchObject({
    isOnline: false,
    version: 0,
    conversationIds: ["general"],
  });
  const version = await rig.gateway().connect("unseen", "c1");
  await eventually(async () => (await rig.status("unseen"))?.version === version);
});

test("a connection whose gateway had not seen the news takes nothing back", async () => {
  await rig.addUser("late");
  const gateway = rig.gateway();
  await gateway.connect("late", "c1");
  const seq = await news("late", ["new"]);
  await published("late", seq);
  await gateway.connect("late", "c2", { conversationIds: ["old"] });
  await gateway.disconnect("late", "c1");
  const version = await gateway.disconnect("late", "c2");
  const status = await eventually(async () => {
    const last = await rig.status("late");
    return last?.version === version && last;
  });
  expect(status.conversationIds).toEqual(["new"]);
});

test("a worker that starts again publishes news again under the same versions", async () => {
  await rig.addUser("again");
  await rig.gateway().connect("again", "c1");
  const before = await published("again", await news("again", ["project"]));
  await worker.stop();
  worker = await rig.startWorker();
  await allOwned(worker);
  expect(await rig.status("again")).toEqual(before);
});

test("the last status of a deleted user has no dates of what went before", async () => {
  await rig.addUser("left");
  const gateway = rig.gateway();
  await gateway.connect("left", "c1");
  await gateway.disconnect("left", "c1");
  await eventually(async () => {
    await rig.tick();
    return (await rig.status("left"))?.isOnline === false;
  });
  const seq = await order("left", { type: "deleted" });
  await eventually(async () => (await rig.status("left"))?.directoryVersion === seq);
  expect(await rig.status("left")).toMatchObject({ lastActiveAt: null, lastSeen: null });
});

test("of a deleted user neither status nor history stays, and of the record the id and positions", async () => {
  await rig.addUser("deleted");
  await rig.gateway().connect("deleted", "c1");
  await eventually(async () => (await rig.db.presenceTransition.count({ where: { userId: "deleted" } })) > 0);
  await rig.db.user.delete({ where: { id: "deleted" } });
  const seq = await order("deleted", { type: "deleted" });
  expect(await published("deleted", seq)).toMatchObject({
    isOnline: false,
    username: null,
    conversationIds: [],
  });
  await eventually(async () => (await rig.status("deleted")) === undefined);
  expect(await rig.record("deleted")).toMatchObject({
    ...{ state: "offline", connections: [], statusText: null, lastActiveAt: null, lastSeen: null },
    person: { username: null, conversationIds: [] },
    shown: { lastActiveAt: null, lastSeen: null },
    closedUpTo: { seq },
  });
  expect(await rig.db.presenceTransition.count({ where: { userId: "deleted" } })).toBe(0);
});
