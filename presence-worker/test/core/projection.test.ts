import { statusMessageSchema } from "@meeshy/shared/status-schema";
import { describe, expect, test } from "vitest";
import { toRow, toStatusMessage } from "../../src/core/projection.ts";
import { emptyRecord } from "../../src/core/record.ts";
import { SECOND, T0 } from "./support/events.ts";
import { invisible, known, onA, shown } from "./support/lifecycle-table.ts";

const active = { state: "online", connections: onA, lastActiveAt: T0 + 60 * SECOND } as const;

describe("the status message", () => {
  test("carries what was shown, not what has happened since", () => {
    const record = known({ ...active, directoryVersion: 3, availability: "busy", statusText: "lunch" });
    const message = toStatusMessage(record);
    expect(message).toEqual({
      userId: "alice",
      username: "alice",
      displayName: null,
      isAnonymous: false,
      isOnline: true,
      availability: "available",
      statusText: null,
      statusExpiresAt: null,
      lastActiveAt: "2023-11-14T22:13:20.000Z",
      lastSeen: "2023-11-14T21:23:20.000Z",
      epoch: 1,
      version: 7,
      cause: "connect",
      at: "2023-11-14T22:13:20.000Z",
      conversationIds: ["room-1", "room-2"],
      directoryVersion: 3,
    });
    expect(statusMessageSchema.parse(message)).toEqual(message);
  });

  test("names the person as the directory does; records of earlier releases have no display name", () => {
    const person = { username: "alice", isAnonymous: false, conversationIds: [] };
    const named = known({ ...active, person: { ...person, displayName: "Alice A." } });
    expect(toStatusMessage(named)).toMatchObject({ username: "alice", displayName: "Alice A." });
    expect(toStatusMessage(known({ ...active, person }))).toMatchObject({ displayName: null });
  });

  test("leaves unknown dates null", () => {
    const record = known({
      state: "offline",
      shown: shown({ lastActiveAt: null, lastSeen: null, at: null }),
    });
    expect(toStatusMessage(record)).toMatchObject({ lastActiveAt: null, lastSeen: null, at: null });
  });

  test("does not exist for a user who was never shown", () => {
    expect(() => toStatusMessage(emptyRecord("alice"))).toThrow("never shown");
    expect(() => toStatusMessage(known({ state: "offline", shown: null }))).toThrow("never shown");
  });
});

describe("the database row", () => {
  test("holds the latest activity and the public status", () => {
    expect(
      toRow(known({ ...active, availability: "busy", statusText: "lunch", availabilityExpiresAt: T0 })),
    ).toEqual({
      userId: "alice",
      isAnonymous: false,
      isOnline: true,
      lastSeen: T0 - 3_000 * SECOND,
      lastActiveAt: T0 + 60 * SECOND,
      availability: "busy",
      statusText: "lunch",
      availabilityExpiresAt: T0,
      epoch: 1,
      version: 7,
    });
  });

  test("reveals neither presence nor dates of an invisible user", () => {
    expect(toRow(known({ ...active, ...invisible, lastSeen: T0 + SECOND }))).toMatchObject({
      isOnline: false,
      lastActiveAt: T0,
      lastSeen: T0 - 3_000 * SECOND,
      availability: "invisible",
    });
    expect(toRow(known({ ...active, ...invisible, shown: null })).lastActiveAt).toBeNull();
  });

  test("of a user never shown is offline at version 0, with the dates that are known", () => {
    expect(toRow(known({ state: "offline", shown: null }))).toMatchObject({
      isOnline: false,
      lastSeen: T0 - 3_000 * SECOND,
      lastActiveAt: T0,
      epoch: 0,
      version: 0,
    });
  });

  test("knows anonymous participants by their id", () => {
    expect(toRow(emptyRecord("anon_1")).isAnonymous).toBe(true);
    expect(toRow(emptyRecord("not_anon_1")).isAnonymous).toBe(false);
  });
});
