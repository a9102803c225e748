import type { DirectoryUser } from "@meeshy/shared/directory";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import type { StatusMessage } from "@meeshy/shared/status";
import { partitionOf } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { beforeEach, expect, it } from "vitest";
import { isPublisher } from "../../src/core/outward.ts";
import { createOutwardFeed, type OutwardDeps, type OutwardFeed } from "../../src/services/outward.ts";

const user = (id: string, more: Partial<DirectoryUser> = {}): DirectoryUser =>
  ({
    ...{ id, username: id, displayName: null, isAnonymous: false, isActive: true },
    ...{ showOnlineStatus: true, showLastSeen: true, ...more },
  }) as DirectoryUser;
const status = (userId: string, more: Partial<StatusMessage> = {}): StatusMessage => ({
  ...{ userId, username: userId, displayName: null, isAnonymous: false, isOnline: true },
  ...{ availability: "available", statusText: null, statusExpiresAt: null, lastActiveAt: null },
  ...{ lastSeen: null, epoch: 1, version: 1, cause: "connect", at: null },
  ...{ conversationIds: ["secret"], directoryVersion: 0, ...more },
});

/** What the gateway knows, and what it has published; a directory that is away throws. */
let statuses: Map<string, StatusMessage>;
let directory: Map<string, DirectoryUser>;
let cached: Map<string, DirectoryUser>;
let isAway: boolean;
let reads: PromiseWithResolvers<void>[];
let holdsReads: boolean;
let live: string[];
let sent: StatusMessage[];
let timers: (() => void)[];

function startFeed(): OutwardFeed {
  const every = (_: number, run: () => void) => {
    timers.push(run);
    return { cancel: () => void timers.splice(timers.indexOf(run), 1) };
  };
  const clock = { ...systemClock, every, sleep: () => systemClock.turn() };
  const get = async (id: string) => {
    const answer = directory.get(id);
    if (holdsReads) {
      const read = Promise.withResolvers<void>();
      reads.push(read);
      await read.promise;
    }
    if (isAway) throw new Error("the directory is away");
    return answer;
  };
  return createOutwardFeed(
    {
      link: {
        ...{ clock, isUp: () => true, nc: { subscribe: () => ({ unsubscribe() {} }) } },
        publish: (_: string, data: Uint8Array) => void sent.push(JSON.parse(new TextDecoder().decode(data))),
      },
      gateways: { outward: () => live },
      gatewayId: () => "gw-a",
      directory: { users: { get, peek: (id: string) => cached.get(id), lookUp: async () => directory } },
      feed: { get: (id: string) => statuses.get(id) },
      logger: createLogger("test", "silent"),
    } as unknown as OutwardDeps,
    { gatewayLeaseMs: 6_000 },
  );
}

beforeEach(() => {
  statuses = new Map([["ann", status("ann")]]);
  directory = new Map([["ann", user("ann")]]);
  cached = new Map();
  live = ["gw-a"];
  isAway = false;
  holdsReads = false;
  sent = [];
  timers = [];
  reads = [];
});

const turns = async () => {
  for (let turn = 0; turn < 10; turn++) await systemClock.turn();
};

it("a status waits while the directory is away, and goes out once it can be read", async () => {
  isAway = true;
  const feed = startFeed();
  feed.noteStatus("ann");
  await turns();
  expect(sent).toEqual([]);
  isAway = false;
  await eventually(() => sent.length > 0);
  expect(sent).toMatchObject([{ userId: "ann", isOnline: true, conversationIds: [] }]);
  feed.stop();
});

it("who hides while the directory is away is shown leaving once it can be read", async () => {
  const feed = startFeed();
  feed.noteStatus("ann");
  await eventually(() => sent.length > 0);
  isAway = true;
  directory.set("ann", user("ann", { showOnlineStatus: false }));
  statuses.set("ann", status("ann", { directoryVersion: 5 }));
  feed.noteNews("ann");
  await turns();
  isAway = false;
  await eventually(() => sent.at(-1)?.isOnline === false);
  expect(sent.at(-1)).toMatchObject({ version: 5, username: null, lastSeen: null });
  feed.stop();
});

it("an answer that was under way when a person hid does not show them", async () => {
  holdsReads = true;
  const feed = startFeed();
  feed.noteStatus("ann");
  directory.set("ann", user("ann", { showOnlineStatus: false }));
  feed.noteNews("ann");
  await eventually(() => reads.length > 0);
  holdsReads = false;
  reads[0]?.resolve();
  await eventually(() => sent.length > 0);
  expect(sent.some(({ isOnline }) => isOnline)).toBe(false);
  feed.stop();
});

it("who hides is shown leaving however many were published since", async () => {
  const feed = startFeed();
  cached.set("ann", user("ann"));
  feed.noteStatus("ann");
  // Far more people than are kept, in the partition of the first.
  for (let n = 0, others = 0; others < 4_000; n++) {
    const id = `other-${n}`;
    if (partitionOf(id) !== partitionOf("ann")) continue;
    others++;
    cached.set(id, user(id));
    statuses.set(id, status(id));
    feed.noteStatus(id);
  }
  expect(sent.length).toBe(4_001);
  cached.set("ann", user("ann", { showOnlineStatus: false }));
  statuses.set("ann", status("ann", { version: 2 }));
  feed.noteStatus("ann");
  expect(sent.at(-1)).toMatchObject({ userId: "ann", isOnline: false });
  feed.stop();
});

it("who was shown by the publisher before, and hides, is shown leaving; what they do then is not", async () => {
  const feed = startFeed();
  cached.set("ann", user("ann", { showOnlineStatus: false }));
  feed.noteNews("ann");
  expect(sent).toMatchObject([{ userId: "ann", isOnline: false }]);
  for (const isOnline of [false, true]) {
    statuses.set("ann", status("ann", { isOnline, version: 3 }));
    feed.noteStatus("ann");
    feed.noteNews("ann");
  }
  expect(sent.length).toBe(1);
  feed.stop();
});

it("news of who hid before this gateway began does not say whether they are connected", async () => {
  const departures = [true, false].map((isOnline) => {
    sent = [];
    const feed = startFeed();
    cached.set("ann", user("ann", { showOnlineStatus: false }));
    statuses.set("ann", status("ann", { isOnline, version: 3, directoryVersion: 5 }));
    for (let times = 0; times < 3; times++) feed.noteNews("ann");
    feed.stop();
    return sent;
  });
  expect(departures[0]).toMatchObject([{ userId: "ann", isOnline: false, version: 5, lastSeen: null }]);
  expect(departures[1]).toEqual(departures[0]);
});

it("someone who hid before this gateway began is not shown coming or going", async () => {
  const feed = startFeed();
  cached.set("ann", user("ann", { showOnlineStatus: false }));
  for (const isOnline of [true, false, true]) {
    statuses.set("ann", status("ann", { isOnline }));
    feed.noteStatus("ann");
  }
  expect(sent).toEqual([]);
  feed.stop();
});

it("one gateway publishes each person, and its successor what it may have left", async () => {
  const ids = Array.from({ length: 200 }, (_, n) => `user-${n}`);
  for (const id of ids) {
    statuses.set(id, status(id));
    cached.set(id, user(id));
  }
  live = ["gw-a", "gw-b"];
  const feed = startFeed();
  for (const id of ids) feed.noteStatus(id);
  const own = ids.filter((id) => isPublisher("gw-a", live, partitionOf(id)));
  expect(own.length).toBeGreaterThan(20);
  expect(own.length).toBeLessThan(180);
  expect(sent.map(({ userId }) => userId)).toEqual(own);
  live = ["gw-a"];
  for (const timer of timers) timer();
  expect(new Set(sent.map(({ userId }) => userId))).toEqual(new Set(ids));
  expect(sent.length).toBe(ids.length);
  feed.stop();
  expect(timers).toEqual([]);
});
