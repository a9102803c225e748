import type { LogEvent } from "@meeshy/shared/events";
import { describe, expect, test } from "vitest";
import { emptyRecord, type UserRecord } from "../../src/core/record.ts";
import { createTransition } from "../../src/core/transition.ts";
import {
  activity,
  connected,
  disconnectAll,
  disconnected,
  logged,
  look,
  profile,
  RULES,
  SECOND,
  setAvailability,
  T0,
} from "./support/events.ts";
import { known, NOW, onA } from "./support/lifecycle-table.ts";

const transition = createTransition(RULES);
const apply = (record: UserRecord, event: LogEvent, seq = 20, now = NOW, epoch = 2) =>
  transition(record, logged(event, seq, now, epoch));

const unknown = emptyRecord("alice");
const online = known({ state: "online", connections: onA, deadline: NOW + 60 * SECOND });
const offline = known({ state: "offline" });

describe("what viewers are shown", () => {
  test("carries position, epoch, time and dates of the change", () => {
    const goodbye = disconnected("a", "client namespace disconnect");
    const { record, effects } = apply(online, goodbye);
    expect(record).toMatchObject({ seq: 20, now: NOW });
    expect(record.shown).toEqual({
      isOnline: false,
      availability: "available",
      statusText: null,
      lastActiveAt: T0,
      lastSeen: NOW,
      epoch: 2,
      version: 20,
      cause: "disconnect",
      at: NOW,
    });
    expect(effects.at(-1)).toEqual({
      type: "transition",
      from: "online",
      to: "offline",
      cause: "disconnect",
      version: 20,
      epoch: 2,
      at: NOW,
      connectionId: "a",
    });
  });

  test("dates the departure of a user who turns invisible like any other", () => {
    const { record } = apply(online, setAvailability("invisible", "secret"));
    expect(record.shown).toMatchObject({ lastSeen: NOW, at: NOW, statusText: null, cause: "disconnect" });
    expect(record).toMatchObject({ state: "online", lastSeen: NOW });
  });

  test("stays as it was when an offline, busy user turns invisible", () => {
    const busy = apply(offline, setAvailability("busy", "lunch")).record;
    expect(apply(busy, setAvailability("invisible"), 21).record.shown).toBe(busy.shown);
  });

  test("arrives when invisibility ends, whatever was done meanwhile", () => {
    const hidden = apply(online, setAvailability("invisible")).record;
    const busyUnseen = apply(hidden, activity, 21, NOW + 10 * SECOND).record;
    const back = apply(busyUnseen, setAvailability("available"), 22, NOW + 20 * SECOND).record;
    expect(back.shown).toMatchObject({
      isOnline: true,
      lastActiveAt: NOW + 20 * SECOND,
      lastSeen: NOW,
      version: 22,
    });
  });
});

describe("what is known of a person", () => {
  const stored = profile({
    availability: "busy",
    statusText: "lunch",
    availabilityExpiresAt: NOW + SECOND,
    lastActiveAt: T0 + SECOND,
    lastSeen: T0 + 2 * SECOND,
  });

  test("comes from the first profile, the stored status included", () => {
    const { record } = apply(unknown, connected("a", "g1", { profile: stored }));
    expect(record).toMatchObject({
      person: { username: "alice", isAnonymous: false, conversationIds: ["room-1", "room-2"] },
      availability: "busy",
      statusText: "lunch",
      availabilityExpiresAt: NOW + SECOND,
      lastSeen: T0 + 2 * SECOND,
      shown: { isOnline: true, availability: "busy", statusText: "lunch" },
    });
  });

  test("is refreshed by later profiles, the status is not", () => {
    const moved = { ...stored, conversationIds: ["room-1", "room-3"] };
    const { record } = apply(online, connected("b", "g1", { profile: moved }));
    expect(record.person?.conversationIds).toEqual(["room-1", "room-3"]);
    expect(record).toMatchObject({ availability: "available", statusText: null, lastSeen: online.lastSeen });
    expect(record.shown).toBe(online.shown);
  });

  test("stays the same object while nothing in it changes", () => {
    expect(apply(online, connected("b", "g1")).record.person).toBe(online.person);
  });

  test("is taken from a look at an unknown user, who then is shown leaving", () => {
    const { record } = apply(unknown, look(stored));
    expect(record).toMatchObject({ lastActiveAt: T0 + SECOND, lastSeen: NOW, availability: "busy" });
    expect(record.shown).toMatchObject({ isOnline: false, cause: "idle", version: 20, lastSeen: NOW });
  });

  test("an activity that came first is not forgotten for an older stored one", () => {
    const touched = apply(unknown, activity).record;
    const announced = connected("a", "g1", { idleMs: 400 * SECOND, profile: stored });
    expect(apply(touched, announced, 21).record.lastActiveAt).toBe(NOW);
  });
});

describe("time", () => {
  test("of an actor never goes back", () => {
    const early = apply(online, activity, 20, T0 - 100 * SECOND).record;
    expect(early).toMatchObject({
      ...{ seq: 20, now: T0, deadline: T0 + 300 * SECOND },
      lastActiveAt: T0 - 100 * SECOND,
    });
  });

  test("of an announced connection counts from its last activity, in whole milliseconds", () => {
    const { record } = apply(offline, connected("a", "g1", { idleMs: 299_999.6 }));
    expect(record).toMatchObject({ state: "online", lastActiveAt: NOW - 299_999, deadline: NOW + 1 });
  });

  test("that a host stored ahead of the log keeps no user online", () => {
    const ahead = profile({ lastActiveAt: NOW + 86_400 * SECOND });
    const { record } = apply(unknown, connected("a", "g1", { profile: ahead }));
    expect(record).toMatchObject({ lastActiveAt: NOW, deadline: NOW + 300 * SECOND });
  });
});

describe("connections", () => {
  test("keep device and beginning when they move to another gateway", () => {
    const first = apply(unknown, { ...connected("a", "g1"), device: "phone" }).record;
    const moved = apply(first, { ...connected("a", "g2"), device: "laptop" }, 21, NOW + SECOND).record;
    expect(moved.connections).toEqual([{ id: "a", gatewayId: "g2", device: "phone", since: NOW }]);
  });

  test.each(["constructor", "__proto__"])("may be called %s", (id) => {
    expect(apply(unknown, disconnected(id, "transport close")).record).toBe(unknown);
    const opened = apply(unknown, connected(id, id)).record;
    expect(opened.state).toBe("online");
    expect(opened.connections.map((connection) => connection.id)).toEqual([id]);
    const { record, effects } = apply(opened, disconnectAll, 21);
    expect(record.connections).toEqual([]);
    expect(JSON.stringify(effects.at(-1))).toContain(`"byGateway":{"${id}":["${id}"]}`);
  });
});
