import { expect, test } from "vitest";
import {
  EARLIEST_MS,
  envelopeSchema,
  gatewayBeatSchema,
  gatewayCommandSchema,
  LATEST_MS,
  partitionMessageSchema,
  userMessageSchema,
} from "../src/events.ts";
import { MAX_ID_LENGTH } from "../src/subjects.ts";

const profile = {
  username: "Alice",
  isAnonymous: false,
  conversationIds: ["general"],
  availability: "available",
  statusText: null,
  availabilityExpiresAt: null,
  lastActiveAt: 1,
  lastSeen: null,
};
const connected = {
  type: "connected",
  connectionId: "c1",
  gatewayId: "g1",
  device: null,
  idleMs: 0,
  profile,
};

const good: [string, object][] = [
  ["connected", connected],
  ["connected again", { ...connected, again: true, firstLogged: { epoch: 2, seq: 7 } }],
  ["disconnected", { type: "disconnected", connectionId: "c1", reason: "transport close" }],
  ["activity", { type: "activity" }],
  ["look", { type: "look", profile }],
  ["disconnect-all", { type: "disconnect-all" }],
  ["availability", { type: "availability", availability: "dnd", statusText: "x", expiresAt: 5, profile }],
];

test.each(good)("%s is an event of a user", (_, event) => {
  expect(userMessageSchema.parse({ event })).toEqual({ event });
  const numbered = { event, publisher: "p", number: 3, traceparent: "00-1-2-01" };
  expect(userMessageSchema.parse(numbered)).toEqual(numbered);
  expect(partitionMessageSchema.safeParse({ event }).success).toBe(false);
});

const bad: [string, object][] = [
  ["of an unknown type", { event: { type: "online" } }],
  ["without an event", {}],
  ["numbered 0", { event: { type: "activity" }, publisher: "p", number: 0 }],
  ["numbered in between", { event: { type: "activity" }, publisher: "p", number: 1.5 }],
  ["with a negative idle time", { event: { ...connected, idleMs: -1 } }],
  ["with an endless id", { event: { ...connected, connectionId: "x".repeat(MAX_ID_LENGTH + 1) } }],
  ["with an empty id", { event: { ...connected, gatewayId: "" } }],
  [
    "with a status text too long",
    { event: { ...connected, profile: { ...profile, statusText: "x".repeat(141) } } },
  ],
];

test.each(bad)("a message %s is none", (_, message) => {
  expect(userMessageSchema.safeParse(message).success).toBe(false);
});

test("a choice of an availability of tomorrow's release hides the person: it may be one that hides", () => {
  const event = { type: "availability", availability: "hyperfocus", statusText: "x", expiresAt: 5, profile };
  expect(userMessageSchema.parse({ event })).toMatchObject({
    event: { availability: "invisible", expiresAt: 5 },
  });
});

test("an availability of tomorrow's release is read as not known, and a date that cannot be as none", () => {
  const strange = {
    ...profile,
    availability: "hyperfocus",
    lastActiveAt: LATEST_MS + 1,
    lastSeen: EARLIEST_MS - 1,
  };
  expect(userMessageSchema.parse({ event: { ...connected, profile: strange }, traceparent: 7 })).toEqual({
    event: {
      ...connected,
      profile: { ...profile, availability: "available", lastActiveAt: null, stored: "unknown" },
    },
  });
  const shown = { ...strange, stored: "as-shown" };
  expect(userMessageSchema.parse({ event: { ...connected, profile: shown } })).toMatchObject({
    event: { profile: { availability: "available", stored: "as-shown" } },
  });
});

test.each<[string, unknown, object]>([
  [
    "an unknown type",
    { event: { type: "teleported" }, publisher: "p", number: 3 },
    { publisher: "p", number: 3 },
  ],
  ["no event", { publisher: "p", number: 3, v: 9 }, { publisher: "p", number: 3 }],
  ["an event that is a list", { event: [], publisher: "p", number: 3 }, { publisher: "p", number: 3 }],
  ["a number that is none", { event: {}, publisher: "p", number: "3" }, { publisher: "p" }],
  ["nothing at all", null, {}],
])("the place of a message with %s can be read", (_, message, numbering) => {
  expect(envelopeSchema.parse(message).numbering).toEqual(numbering);
});

test("timeouts and lost gateways are for whole partitions", () => {
  for (const event of [
    { type: "timeout", sweeperId: "s", elapsed: 12.5 },
    { type: "gateway-lost", gatewayId: "g" },
  ]) {
    expect(partitionMessageSchema.parse({ event })).toEqual({ event });
    expect(userMessageSchema.safeParse({ event }).success).toBe(false);
  }
});

test("a gateway's beat may carry that it is lost", () => {
  const beat = { beat: 1, connections: 2, users: 1 };
  expect(gatewayBeatSchema.parse(beat)).toEqual(beat);
  expect(gatewayBeatSchema.parse({ ...beat, lost: true }).lost).toBe(true);
});

test("a command names what to do", () => {
  const close = { type: "close", userId: "a", connectionIds: ["c"], reason: "admin" };
  expect(gatewayCommandSchema.parse(close)).toEqual(close);
  // What is to be closed counts, for whatever reason of tomorrow's release.
  expect(gatewayCommandSchema.parse({ ...close, reason: "because" })).toEqual(close);
  expect(gatewayCommandSchema.safeParse({ ...close, type: "open" }).success).toBe(false);
  const outOfStep = { type: "out-of-step", publisher: "g", partition: 3, expected: 0 };
  expect(gatewayCommandSchema.parse(outOfStep)).toEqual(outOfStep);
});
