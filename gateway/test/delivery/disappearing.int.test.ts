import type { UserStatus } from "@meeshy/shared/status";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Client,
  call,
  type RunningGateway,
  type Servers,
  settle,
  signIn,
  startServers,
} from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

/** However a person disappears, a viewer receives the same: the event, its fields, and how its dates lie to each other. */
let servers: Servers;
let worker: RunningWorker;
let near: RunningGateway;
let far: RunningGateway;
beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  [near, far] = await Promise.all([servers.gateway(), servers.gateway()]);
  const { db } = servers;
  const people = [...WAYS.keys(), "viewer", "other"];
  await db.user.createMany({ data: people.map((id) => ({ id, username: id })) });
  await db.conversation.create({ data: { id: "room" } });
  await db.conversationMember.createMany({
    data: people.map((userId) => ({ userId, conversationId: "room" })),
  });
});
afterAll(async () => {
  await worker?.stop();
  await servers?.stop();
});

/** An order that is no activity, so that dates stand still. */
const order = async (as: string, method: string, path: string, body?: object) => {
  const headers = { "x-presence-passive": "1", ...(body && { "content-type": "application/json" }) };
  const sent = { headers, ...(body && { body: JSON.stringify(body) }) };
  expect((await call(near.url, path, { as, method, ...sent })).status).toBe(200);
};
const WAYS = new Map<string, (who: string, own: Client) => unknown>([
  ["leaver", (_, own) => own.close()],
  ["ghost", (who) => order(who, "PUT", "/api/users/me/availability", { availability: "invisible" })],
  ["hider", (who) => order(who, "PATCH", "/api/users/me/preferences", { showOnlineStatus: false })],
  ["blocker", (who) => order(who, "PUT", "/api/users/me/blocks/viewer")],
]);

const of = (viewer: Client, who: string) =>
  viewer.all<UserStatus>("user:status").filter(({ userId }) => userId === who);

/** What the viewer receives from the person's arrival on, but for who it is and when. */
async function transcriptOf(viewer: Client, who: string): Promise<unknown[]> {
  const from = viewer.received.length;
  const own = await signIn(near.url, who);
  await eventually(() => of(viewer, who).at(-1)?.isOnline === true);
  const look = { availability: "busy", statusText: "lunch" };
  await order(who, "PUT", "/api/users/me/availability", look);
  await eventually(() => of(viewer, who).at(-1)?.statusText === "lunch");
  await WAYS.get(who)?.(who, own);
  await eventually(() => of(viewer, who).at(-1)?.isOnline === false, { what: `${who} disappears` });
  // What they do then reaches no one; someone else's arrival proves that nothing is on its way.
  if (who !== "leaver") {
    await own.ask("activity");
    own.close();
    (await signIn(near.url, who)).close();
  }
  const other = await signIn(near.url, "other");
  await eventually(() => of(viewer, "other").at(-1)?.isOnline === true);
  other.close();
  await eventually(() => of(viewer, "other").at(-1)?.isOnline === false);
  await settle();
  const received = viewer.received.slice(from);
  return received.flatMap(({ event, payload }) => {
    const { userId, username, version, at, lastActiveAt, lastSeen, ...rest } = payload as UserStatus;
    if (userId === "other") return [];
    expect([event, userId, username]).toEqual(["user:status", who, who]);
    return [
      {
        ...{ event, ...rest, fields: Object.keys(payload as object), isNumbered: version > 0 },
        isActiveThen: lastActiveAt === at,
        wasSeenThen: lastSeen === at,
      },
    ];
  });
}

describe("who leaves, becomes invisible, hides or blocks the viewer", () => {
  it("is seen to leave, by the same events with the same fields, and then no more", async () => {
    const viewer = await signIn(far.url, "viewer");
    // The viewer's own: nothing of it comes later.
    await viewer.nth("presence:self");
    const transcripts = [];
    for (const who of WAYS.keys()) transcripts.push(await transcriptOf(viewer, who));
    expect(transcripts[0]).toMatchObject([
      { isOnline: true, cause: "connect", isActiveThen: true },
      { isOnline: true, cause: "manual", availability: "busy", statusText: "lunch" },
      { isOnline: false, cause: "disconnect", statusText: "lunch", isActiveThen: false, wasSeenThen: true },
    ]);
    for (const transcript of transcripts) expect(transcript).toEqual(transcripts[0]);
    viewer.close();
  });
});
