import { PROFILE_WAIT_MAX_MS } from "@meeshy/shared/events";
import { toBytes } from "@meeshy/shared/nats/last-value";
import { eventSubject } from "@meeshy/shared/subjects";
import { expect, it } from "vitest";
import { readEvent } from "../../src/io/log-reader.ts";
import { connected, profile } from "../core/support/events.ts";

const stored = (userId: string, event: unknown) => ({
  ...{ seq: 7, time: 1_000, deleted: false, pending: 0 },
  subject: eventSubject("gw", userId),
  data: toBytes({ event }),
});

it.each(["alice", "cmb1x9q2v0000abcdefghijkl", "zoë|日本 👋"])("reads what happened to %s", (userId) => {
  const event = connected("c1", "g1");
  expect(readEvent(stored(userId, event))).toEqual({ seq: 7, time: 1_000, userId, message: { event } });
});

it("names every conversation rightly, however many there are", () => {
  for (let user = 0; user < 300; user++) {
    const conversationIds = Array.from({ length: 20 }, (_, at) => `room-${(user * 7 + at) % 4_000}`);
    const event = connected("c1", `g${user}`, { profile: profile({ conversationIds }) });
    expect(readEvent(stored("alice", event))).toMatchObject({ message: { event } });
  }
});

it.each([
  ["an activity", { type: "activity" }, 1_500],
  ["an activity that was not new", { type: "activity", idleMs: 500 }, 2_000],
  ["a connection", connected("c1", "g1", { idleMs: 500 }), 2_000],
])("makes %s as old as it waited to be written", (_, event, idleMs) => {
  const data = toBytes({ event, publisher: "gw-1", number: 7, waitedMs: 1_500 });
  expect(readEvent({ ...stored("alice", event), data })).toMatchObject({ message: { event: { idleMs } } });
});

it.each([
  ["so long from then on, where its gateway is behind the log", 500, 61_000],
  ["so long from then on, where its gateway is ahead of it", 70_000, 61_000],
  ["until what its gateway has answered, where that is about right", 60_900, 60_900],
])("a choice lasts %s", (_, expiresAt, end) => {
  for (const type of ["availability", "claim"]) {
    const choice = { type, source: "calendar", availability: "busy", statusText: null, profile: profile() };
    const read = readEvent(stored("alice", { ...choice, expiresAt, lastsMs: 60_000 }));
    expect(read).toMatchObject({ message: { event: { type, expiresAt: end } } });
  }
});

it("takes no stored choice from a profile that has waited longer than workers remember what has changed", () => {
  const stale = connected("c1", "g1", { profile: profile({ availability: "dnd", statusText: "call" }) });
  const read = (waitedMs: number) =>
    readEvent({ ...stored("alice", stale), data: toBytes({ event: stale, waitedMs }) }).message.event;
  expect(read(PROFILE_WAIT_MAX_MS)).toMatchObject({ profile: { availability: "dnd", statusText: "call" } });
  expect(read(PROFILE_WAIT_MAX_MS + 1)).toMatchObject({
    profile: { username: "alice", availability: "available", statusText: null, stored: "unknown" },
  });
});

it.each([-1, 1e300, "long"])("takes no harm from a wait of %s", (waitedMs) => {
  const event = connected("c1", "g1");
  const data = toBytes({ event, publisher: "gw-1", number: 7, waitedMs });
  const read = readEvent({ ...stored("alice", event), data });
  if (read.message.event.type !== "connected") throw new Error("not read");
  expect(new Date(read.time - read.message.event.idleMs).toISOString()).toBeTruthy();
});

it("takes no harm from an idle time without end", () => {
  const event = connected("c1", "g1", { idleMs: 1e300 });
  const read = readEvent(stored("alice", event));
  if (read.message.event.type !== "connected") throw new Error("not read");
  expect(new Date(read.time - read.message.event.idleMs).toISOString()).toBeTruthy();
});

it.each<[string, object, string]>([
  ["an unknown type", { type: "teleported" }, "teleported"],
  [
    "a conversation id of 201 characters",
    connected("c1", "g1", { profile: profile({ conversationIds: ["x".repeat(201)] }) }),
    "connected",
  ],
])("keeps the place of a message with %s in its publisher's order", (_, event, kind) => {
  const data = toBytes({ event, publisher: "gw-1", number: 7, v: 2 });
  expect(readEvent({ ...stored("alice", event), data })).toMatchObject({
    ...{ seq: 7, time: 1_000, kind, fault: expect.any(String) },
    message: { publisher: "gw-1", number: 7, event: { type: "unreadable" } },
  });
});

it("keeps the place of a message whose subject names no user", () => {
  const event = { type: "activity" };
  const data = toBytes({ event, publisher: "gw-1", number: 7 });
  const message = readEvent({ ...stored("alice", event), subject: "presence.in.5.gw.=ZZ", data });
  expect(message).toMatchObject({ kind: "activity", message: { publisher: "gw-1", number: 7 } });
});

it("sets aside what is not JSON", () => {
  expect(readEvent({ ...stored("alice", {}), data: Buffer.from("{") })).toMatchObject({
    kind: "none",
    message: {},
  });
});
