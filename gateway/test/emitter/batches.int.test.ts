import type { UserStatus } from "@meeshy/shared/status";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Client,
  openClient,
  type RunningGateway,
  type Servers,
  settle,
  startServers,
  tokenFor,
} from "../harness.ts";

const PEOPLE = ["ann", "ben", "cas", "dan"];
let servers: Servers;
let gateway: RunningGateway;
let version = 100;

beforeAll(async () => {
  servers = await startServers();
  const { db } = servers;
  await db.user.createMany({ data: PEOPLE.map((id) => ({ id, username: id })) });
  await db.conversation.create({ data: { id: "room" } });
  await db.conversationMember.createMany({
    data: PEOPLE.map((userId) => ({ conversationId: "room", userId })),
  });
  await db.userBlock.create({ data: { blockerId: "cas", blockedId: "ann" } });
  gateway = await servers.gateway();
});
afterAll(() => servers?.stop());

const open = async (userId: string, url = gateway.url) => {
  const client = openClient(url, { token: tokenFor(userId), batch: true });
  await client.nth("presence:snapshot");
  return client;
};
const show = (userId: string, isOnline: boolean) =>
  servers.publishStatus(userId, { isOnline, conversationIds: ["room"], version: ++version });
const frames = (client: Client) => client.all<UserStatus[]>("user:status:batch");
const statusesOf = (client: Client, userId: string) =>
  frames(client)
    .flat()
    .filter((status) => status.userId === userId);

describe("a socket that takes batches", () => {
  it("gets a single change as a batch of one, and never the single event", async () => {
    const ann = await open("ann");
    await show("ben", true);
    expect(await ann.nth("user:status:batch")).toMatchObject([{ userId: "ben", isOnline: true, version }]);
    expect(ann.all("user:status")).toEqual([]);
    ann.close();
  });

  it("gets many changes in few frames: versions rise, a user is in a frame once, the last state arrives", async () => {
    const ann = await open("ann");
    const begin = performance.now();
    const shown = [];
    for (let round = 0; round < 300; round++)
      shown.push(show(round % 2 === 0 ? "ben" : "dan", round % 3 === 0));
    await Promise.all(shown);
    await eventually(() => statusesOf(ann, "dan").at(-1)?.version === version);
    const windows = (performance.now() - begin) / 50;
    expect(frames(ann).length).toBeLessThanOrEqual(windows + 2);
    for (const frame of frames(ann)) {
      expect(new Set(frame.map(({ userId }) => userId)).size).toBe(frame.length);
    }
    for (const id of ["ben", "dan"]) {
      const versions = statusesOf(ann, id).map((status) => status.version);
      expect(versions).toEqual([...new Set(versions)].sort((a, b) => a - b));
    }
    ann.close();
  });

  it("receives neither itself nor a status over a block, beside others who do", async () => {
    const [ann, ben, dan] = await Promise.all(["ann", "ben", "dan"].map((id) => open(id)));
    await Promise.all([show("cas", true), show("ann", true), show("dan", true)]);
    const has = (client: Client | undefined, ids: string[]) =>
      eventually(() => {
        const seen = new Set(frames(client as Client).flatMap((frame) => frame.map(({ userId }) => userId)));
        return ids.every((id) => seen.has(id)) && seen;
      });
    expect([...(await has(ben, ["cas", "ann", "dan"]))].sort()).toEqual(["ann", "cas", "dan"]);
    expect([...(await has(dan, ["cas", "ann"]))].sort()).toEqual(["ann", "cas"]);
    await has(ann, ["dan"]);
    await settle();
    expect(statusesOf(ann as Client, "cas")).toEqual([]);
    for (const client of [ann, ben, dan]) client?.close();
  });

  it("has what was collected when its gateway drains", async () => {
    const own = await servers.gateway();
    const ann = await open("ann", own.url);
    await show("ben", true);
    await eventually(() => statusesOf(ann, "ben").length === 1);
    await show("ben", false);
    await show("dan", false);
    await eventually(async () => (await own.metric("meeshy_user_status_broadcasts_total")) === 3);
    await own.stop();
    await ann.nth("disconnect");
    expect(statusesOf(ann, "ben").at(-1)).toMatchObject({ isOnline: false });
    expect(statusesOf(ann, "dan").at(-1)).toMatchObject({ isOnline: false, version });
  });
});
