import type { Directory, PresenceStore } from "@meeshy/shared/directory";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import { BUCKET_STATE, recordKey } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { call, type RunningGateway, type Servers, signIn, startServers } from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

let servers: Servers;
let worker: RunningWorker;
let gateway: RunningGateway;
let isAway = false;
beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  const { people: _, ...source } = servers.store.directory;
  const directory: Directory & PresenceStore = {
    ...source,
    presences: (ids) => (isAway ? Promise.reject(new Error("away")) : source.presences(ids)),
  };
  gateway = await servers.gateway({}, { directory });
});
afterAll(async () => {
  await worker?.stop();
  await servers?.stop();
});
beforeEach(() => {
  isAway = false;
});

interface Seen {
  userId: string;
  isOnline: boolean;
  availability: string;
  statusText: string | null;
}
const rowOf = (id: string) => servers.db.user.findUniqueOrThrow({ where: { id } });
const recordOf = async (userId: string) => {
  const last = await servers.link.lastValue(
    bucketStream(BUCKET_STATE),
    keySubject(BUCKET_STATE, recordKey(userId)),
  );
  return last === undefined || last.deleted ? undefined : JSON.parse(new TextDecoder().decode(last.data));
};
const addMember = (id: string, row: object = {}) =>
  servers.db.user.create({
    data: { id, username: id, ...row, memberships: { create: { conversationId: "general" } } },
  });

it("who chose not to be disturbed reads so on return, and in their row, while the row cannot be read", async () => {
  await addMember("erin");
  const bob = await signIn(gateway.url, "bob");
  const seen = () => bob.all<Seen>("user:status").filter(({ userId }) => userId === "erin");
  const before = await signIn(gateway.url, "erin");
  await call(gateway.url, "/api/users/me/availability", {
    ...{ as: "erin", method: "PUT", headers: { "content-type": "application/json" } },
    body: JSON.stringify({ availability: "dnd", statusText: "in a meeting" }),
  });
  await eventually(async () => (await rowOf("erin")).availability === "dnd");
  before.close();
  await eventually(() => seen().at(-1)?.isOnline === false);
  await eventually(async () => (await recordOf("erin")) === undefined);

  isAway = true;
  const after = await signIn(gateway.url, "erin");
  await eventually(() => seen().at(-1)?.isOnline);
  expect(seen().at(-1)).toMatchObject({ availability: "dnd", statusText: "in a meeting" });
  await eventually(async () => (await rowOf("erin")).isOnline);
  expect(await rowOf("erin")).toMatchObject({ availability: "dnd", statusText: "in a meeting" });
  isAway = false;
  await eventually(async () => (await recordOf("erin"))?.stored === "known");
  expect(await rowOf("erin")).toMatchObject({ availability: "dnd", statusText: "in a meeting" });
  after.close();
  bob.close();
});

it("of whom nothing is known is shown once their row can be read, unless they are invisible", async () => {
  await addMember("frank", { availability: "busy", statusText: "writing" });
  await addMember("grace", { availability: "invisible" });
  const bob = await signIn(gateway.url, "bob");
  const seen = (id: string) => bob.all<Seen>("user:status").filter(({ userId }) => userId === id);
  const rowBefore = await rowOf("grace");
  isAway = true;
  const [frank, grace] = [await signIn(gateway.url, "frank"), await signIn(gateway.url, "grace")];
  await eventually(async () => (await recordOf("frank"))?.stored === "unknown");
  await eventually(async () => (await recordOf("grace"))?.stored === "unknown");
  expect([...seen("frank"), ...seen("grace")]).toEqual([]);

  isAway = false;
  await eventually(() => seen("frank").length > 0);
  expect(seen("frank")[0]).toMatchObject({ isOnline: true, availability: "busy", statusText: "writing" });
  await eventually(async () => (await recordOf("grace"))?.stored === "known");
  expect(await recordOf("grace")).toMatchObject({ state: "online", availability: "invisible", shown: null });
  expect(seen("grace")).toEqual([]);
  const { lastSeen, lastActiveAt } = rowBefore;
  expect(await rowOf("grace")).toMatchObject({
    isOnline: false,
    availability: "invisible",
    lastSeen,
    lastActiveAt,
  });
  for (const client of [frank, grace, bob]) client.close();
});
