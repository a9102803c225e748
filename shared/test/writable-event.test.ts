import { expect, test } from "vitest";
import { type Profile, type UserEvent, userEventSchema } from "../src/events.ts";
import { MAX_EVENT_BYTES } from "../src/nats/streams.ts";
import { toWritable, USERNAME_MAX } from "../src/writable-event.ts";

const profile: Profile = {
  username: "bob",
  isAnonymous: false,
  conversationIds: ["general"],
  availability: "dnd",
  statusText: "lunch",
  availabilityExpiresAt: 5,
  lastActiveAt: 3,
  lastSeen: 4,
};
const withProfile = (given: object): UserEvent => ({
  type: "directory",
  profile: { ...profile, ...given },
});
const written = (given: object) => (toWritable(withProfile(given)) as { profile: Profile }).profile;

test("an event that the log takes is written as it is", () => {
  expect(toWritable(withProfile({}))).toEqual(withProfile({}));
  const activity = { type: "activity" } as const;
  expect(toWritable(activity)).toEqual(activity);
});

test.each<[string, object, object]>([
  ["a name of 10,000 characters", { username: "x".repeat(10_000) }, { username: "x".repeat(USERNAME_MAX) }],
  [
    "a name of which half a character would be left",
    { username: `${"x".repeat(USERNAME_MAX - 1)}👋` },
    { username: `${"x".repeat(USERNAME_MAX - 1)}\uFFFD` },
  ],
  ["a status text that is too long", { statusText: "y".repeat(141) }, { statusText: "y".repeat(140) }],
  [
    "a conversation id of 201 characters",
    { conversationIds: ["x".repeat(201), "b", ""] },
    { conversationIds: ["b"] },
  ],
  [
    "dates that are none",
    { availabilityExpiresAt: Number.NaN, lastActiveAt: 1e300, lastSeen: Number.NEGATIVE_INFINITY },
    { availabilityExpiresAt: null, lastActiveAt: null, lastSeen: null },
  ],
  ["a date between two milliseconds", { lastSeen: 4.7 }, { lastSeen: 4 }],
  ["an unknown availability", { availability: "ghost" }, { availability: "available", stored: "unknown" }],
  [
    "an unknown availability as viewers saw it",
    { availability: "focus", stored: "as-shown" },
    { availability: "available", stored: "as-shown" },
  ],
])("%s does not make the event unwritable", (_, stored, rest) => {
  expect(written(stored)).toEqual({ ...profile, ...rest });
  expect(userEventSchema.safeParse(toWritable(withProfile(stored))).success).toBe(true);
});

test("a profile stays within the size of an event, whatever the conversations are called", () => {
  for (const char of ["a", "é", '"', "\u0001", "🙂"]) {
    const conversationIds = Array.from({ length: 20_000 }, (_, n) => `${n}-${char.repeat(30)}`);
    const bytes = Buffer.byteLength(JSON.stringify(toWritable(withProfile({ conversationIds }))));
    expect(bytes).toBeLessThan(MAX_EVENT_BYTES * 0.8);
    expect(bytes).toBeGreaterThan(MAX_EVENT_BYTES * 0.7);
  }
});

test("an event that is wrong in anything else is refused", () => {
  expect(() => toWritable({ type: "disconnected", connectionId: "", reason: "x" })).toThrow();
});
