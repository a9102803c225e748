import type { LogEvent, Profile } from "@meeshy/shared/events";
import { expect, it } from "vitest";
import { toRow, toStatusMessage } from "../../src/core/projection.ts";
import { emptyRecord, type UserRecord } from "../../src/core/record.ts";
import { createTransition } from "../../src/core/transition.ts";
import {
  connected,
  directoryNews,
  disconnected,
  logged,
  profile,
  RULES,
  SECOND,
  setAvailability,
  T0,
} from "./support/events.ts";

const transition = createTransition(RULES);

/** The record of a user of whom nothing was known, after these events, a second apart. */
function after(...events: LogEvent[]): UserRecord {
  return events.reduce<UserRecord>(
    (record, event, at) => transition(record, logged(event, 10 + at, T0 + at * SECOND)).record,
    emptyRecord("alice"),
  );
}

const connects = (given: Partial<Profile>, id = "a") => connected(id, "g1", { profile: profile(given) });
const UNREAD = { lastActiveAt: null, lastSeen: null };
const unknown = { ...UNREAD, stored: "unknown" } as const;
const asShown = { ...UNREAD, availability: "dnd", statusText: "no", stored: "as-shown" } as const;
const stored = {
  ...{ availability: "dnd" as const, statusText: "back at 5", availabilityExpiresAt: T0 + 900 * SECOND },
  ...{ lastActiveAt: T0 - 50 * SECOND, lastSeen: T0 - 40 * SECOND },
} as const;
const ownColumns = { availability: null, lastSeen: null, lastActiveAt: null, isOnline: false, version: 0 };

it("who connects while their availability cannot be read is not shown, and nothing of their row is overwritten", () => {
  const record = after(connects(unknown));
  expect(record).toMatchObject({ state: "online", shown: null });
  expect(toRow(record)).toMatchObject(ownColumns);
  const left = after(connects(unknown), disconnected("a", "client namespace disconnect"));
  expect(left).toMatchObject({ state: "offline", shown: null });
  expect(toRow(left)).toMatchObject(ownColumns);
});

it.each([
  ["their connection is announced again", connects(stored)],
  ["they connect once more", connects(stored, "b")],
  ["the directory has news", { type: "directory", profile: profile(stored) } as LogEvent],
])("they are shown as they chose once that is known, be it that %s", (_, event) => {
  const record = after(connects(unknown), event);
  expect(toStatusMessage(record)).toMatchObject({
    ...{ isOnline: true, availability: "dnd", statusText: "back at 5", version: 11, cause: "connect" },
  });
  expect(toRow(record)).toMatchObject({
    ...{ isOnline: true, availability: "dnd", statusText: "back at 5" },
    availabilityExpiresAt: stored.availabilityExpiresAt,
  });
});

it("who turns out to be invisible was never shown, and their dates have not moved", () => {
  const invisible = { ...stored, availability: "invisible", statusText: null } as const;
  const record = after(connects(unknown), connects(invisible));
  expect(record).toMatchObject({ state: "online", shown: null });
  expect(toRow(record)).toMatchObject({
    ...{ isOnline: false, availability: "invisible", lastActiveAt: null, lastSeen: stored.lastSeen },
  });
  const left = after(connects(unknown), disconnected("a", "transport close"), connects(invisible, "b"));
  expect(toRow(left)).toMatchObject({ isOnline: false, lastSeen: stored.lastSeen });
});

it("what viewers saw last is shown while the rest cannot be read, and not stored", () => {
  const record = after(connects(asShown));
  expect(toStatusMessage(record)).toMatchObject({ isOnline: true, availability: "dnd", statusText: "no" });
  expect(toRow(record)).toMatchObject({ isOnline: true, availability: null });
  const known = after(connects(asShown), connects(stored));
  expect(toStatusMessage(known)).toMatchObject({ isOnline: true, statusText: "back at 5" });
  expect(toRow(known)).toMatchObject({ availability: "dnd", statusText: "back at 5" });
});

it("what is known stays, whatever a gateway could not read", () => {
  const record = after(connects(stored), connects(unknown, "b"), connects(asShown, "c"), connects(unknown));
  expect(record).toMatchObject({ stored: "known", availability: "dnd", statusText: "back at 5" });
  expect(after(connects(asShown), connects(unknown, "b")).stored).toBe("as-shown");
});

it("a choice made meanwhile counts, and a row that is read later does not undo it", () => {
  const record = after(connects(unknown), setAvailability("busy"), connects(stored));
  expect(toStatusMessage(record)).toMatchObject({ isOnline: true, availability: "busy" });
  expect(toRow(record)).toMatchObject({ availability: "busy" });
});

it("news of the directory carry no dates of an unknown user", () => {
  const event = directoryNews(profile(unknown));
  expect(toStatusMessage(after(connects(unknown), event))).toMatchObject({
    ...{ version: 0, isOnline: false, lastActiveAt: null, lastSeen: null },
  });
});
