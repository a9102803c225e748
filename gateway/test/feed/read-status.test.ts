import type { StatusMessage } from "@meeshy/shared/status";
import { readableStatusSchema } from "@meeshy/shared/status-schema";
import { statusSubject } from "@meeshy/shared/subjects";
import { expect, test } from "vitest";
import { readStatusMessage } from "../../src/feed/read-status.ts";

const status: StatusMessage = {
  userId: "bob",
  username: "bob",
  displayName: null,
  isAnonymous: false,
  isOnline: true,
  availability: "dnd",
  statusText: "é",
  statusExpiresAt: null,
  lastActiveAt: "2026-01-01T12:00:00.000Z",
  lastSeen: null,
  epoch: 1,
  version: 2,
  cause: "manual",
  at: "2026-01-01T12:00:00.000Z",
  conversationIds: ["general"],
  directoryVersion: 0,
};
const read = (value: unknown) =>
  readStatusMessage(statusSubject("bob"), new TextEncoder().encode(JSON.stringify(value)));

test("a status is read as it was written", () => {
  expect(read(status)).toEqual({ status, text: JSON.stringify(status) });
});

/** Values of every kind, for each field in its turn. */
const VALUES = [
  undefined,
  null,
  true,
  0,
  7,
  -1,
  0.5,
  2 ** 53,
  "",
  "text",
  "available",
  "invisible",
  "connect",
  "2026-01-01T12:00:00.000Z",
  "2026-13-01T12:00:00.000Z",
  [],
  ["general"],
  [1],
  {},
];

test.each(Object.keys(status).filter((field) => field !== "userId"))(
  "what the schema refuses as `%s` is refused, and what it takes is taken",
  (field) => {
    for (const value of VALUES) {
      const given = JSON.parse(JSON.stringify({ ...status, [field]: value }));
      const taken = readableStatusSchema.safeParse(given);
      if (taken.success) {
        const { status: found, text } = read(given);
        expect([found, JSON.parse(text)]).toEqual([taken.data, taken.data]);
      } else expect(() => read(given), JSON.stringify(value)).toThrow("not a status");
    }
  },
);

test("a cause and an availability of tomorrow's release read as the defaults, and the person is shown", () => {
  const given = { ...status, cause: "teleport", availability: "focus", mood: "good" };
  const online = { ...given, cause: "manual", availability: "available" };
  expect(read(given)).toEqual({ status: online, text: JSON.stringify(online) });
  const offline = { ...online, isOnline: false, cause: "manual" };
  expect(read({ ...given, isOnline: false }).status).toEqual(offline);
});

test("what is no object, no JSON or of another user is refused", () => {
  for (const value of [null, 1, "text", [status]]) expect(() => read(value)).toThrow("not a status");
  expect(() => readStatusMessage(statusSubject("bob"), new TextEncoder().encode("{"))).toThrow(SyntaxError);
  expect(() => read({ ...status, userId: 1 })).toThrow("not a status");
  expect(() => read({ ...status, userId: "carol" })).toThrow("subject's user");
});
