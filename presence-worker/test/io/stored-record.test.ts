import { fromBytes, toBytes } from "@meeshy/shared/nats/last-value";
import { expect, it } from "vitest";
import { toPublicState, toRow } from "../../src/core/projection.ts";
import { isRetained } from "../../src/core/record.ts";
import { encodeRecord, RECORD_MAX_BYTES, readRecord } from "../../src/io/stored-record.ts";
import { known, onAB } from "../core/support/lifecycle-table.ts";

const read = (stored: unknown) => readRecord(toBytes(stored));
const around = { epoch: 2, statusSeq: 11, unsaved: [] };
const record = known({ state: "online", connections: onAB });

it("a record is read as it was written", () => {
  expect(read({ ...record, ...around })).toEqual({ record, ...around });
});

it("a record remembers an administrator's order, and without one the field is absent", () => {
  const closedUpTo = { epoch: 2, seq: 30, until: 1_800_000_000_000 };
  expect(read({ ...record, closedUpTo, ...around })?.record.closedUpTo).toEqual(closedUpTo);
  expect(Object.keys(read({ ...record, ...around })?.record ?? {})).not.toContain("closedUpTo");
});

it("a record that an earlier version wrote, with its connections by id, is read alike", () => {
  const byId = Object.fromEntries(onAB.map(({ id, ...connection }) => [id, connection]));
  expect(read({ ...record, connections: byId, ...around })).toEqual({ record, ...around });
});

it("a record with values of tomorrow's release is read, with the defaults of this one", () => {
  const shown = {
    ...{
      isOnline: true,
      availability: "busy" as const,
      statusText: null,
      lastActiveAt: null,
      lastSeen: null,
    },
    ...{ epoch: 2, version: 7, cause: "connect" as const, at: 1 },
  };
  const line = {
    ...{ from: "offline", to: "online", cause: "teleport", version: 7, epoch: 2, at: 1 },
    ...{ connectionId: null, traceId: null },
  };
  const written = {
    ...{ ...record, ...around, availability: "focus", unsaved: [line] },
    shown: { ...shown, availability: "focus", cause: "teleport" },
  };
  const found = read(written);
  expect(found?.record).toEqual({
    ...{ ...record, availability: "available", stored: "as-shown" },
    shown: { ...shown, availability: "available", cause: "manual" },
  });
  expect(found?.unsaved).toEqual([{ ...line, cause: "manual" }]);
});

const wasShown = (isOnline: boolean) => ({
  ...{ isOnline, availability: "busy" as const, statusText: null, lastActiveAt: null, lastSeen: null },
  ...{ epoch: 2, version: 7, cause: "connect" as const, at: 1 },
});

it.each<[string, object, object]>([
  ["never shown", { availability: "ghost", shown: null }, { availability: "invisible", stored: "unknown" }],
  [
    "shown offline",
    { availability: "ghost", shown: wasShown(false) },
    { availability: "invisible", stored: "unknown" },
  ],
  [
    "shown with it, as the record says",
    { availability: "focus", stored: "as-shown", shown: wasShown(false) },
    { availability: "busy", stored: "as-shown" },
  ],
  [
    "shown online",
    { availability: "ghost", shown: wasShown(true) },
    { availability: "busy", stored: "as-shown" },
  ],
  [
    "never shown, and how far the availability is their own is of tomorrow",
    { availability: "busy", stored: "partly", shown: null },
    { availability: "invisible", stored: "unknown" },
  ],
  [
    "shown online, and how far the availability is their own is of tomorrow",
    { availability: "busy", stored: "partly", shown: wasShown(true) },
    { availability: "busy", stored: "as-shown" },
  ],
])(
  "a person of an unknown availability is hidden unless they are shown with it: %s",
  (_, given, expected) => {
    const found = read({ ...record, ...around, ...given })?.record;
    expect(found).toMatchObject(expected);
    expect(found && toPublicState(found).isOnline).toBe("as-shown" === found?.stored);
    expect(found && toRow(found).availability).toBeNull();
  },
);

it.each([{ availability: "ghost" }, { availability: "busy", stored: "partly" }])(
  "the record of who may have chosen to be hidden outlives their leaving: %o",
  (given) => {
    const left = { ...record, ...around, ...given, state: "offline", connections: [], shown: null };
    const found = read({ ...left, deadline: null, availabilityExpiresAt: null })?.record;
    expect(found && isRetained(found)).toBe(true);
  },
);

it.each<[string, object, object]>([
  ["shown online, with a connection", { shown: wasShown(true) }, { state: "online", connections: onAB }],
  [
    "shown online, without a connection",
    { shown: wasShown(true), connections: [], deadline: null },
    { state: "zombie", deadline: record.now, zombieCause: "connection-lost" },
  ],
  ["shown offline, with a connection", { shown: wasShown(false) }, { state: "offline", connections: onAB }],
  [
    "invisible, with a connection",
    { shown: wasShown(false), availability: "invisible" },
    { state: "online", connections: onAB },
  ],
  ["never shown, without a connection", { shown: null, connections: [] }, { state: "offline" }],
])("a state of tomorrow's release reads as what viewers were shown: %s", (_, given, expected) => {
  expect(read({ ...record, ...around, ...given, state: "away" })?.record).toMatchObject(expected);
});

it("history of a state of tomorrow's release does not cost the record", () => {
  const line = {
    ...{ from: "offline", to: "online", cause: "connect", version: 7, epoch: 2, at: 1 },
    ...{ connectionId: null, traceId: null },
  };
  const found = read({ ...record, ...around, unsaved: [{ ...line, to: "away" }, line] });
  expect(found?.unsaved).toEqual([line]);
});

it("a record without a word of how far the availability is the person's own is of an earlier version: it is", () => {
  expect(read({ ...record, stored: undefined, ...around })?.record.stored).toBe("known");
});

it("a record with a reason of tomorrow's release for its doubt is read", () => {
  const doubted = { ...record, state: "zombie", zombieCause: "frozen" };
  expect(read({ ...doubted, ...around })?.record.zombieCause).toBe("connection-lost");
});

const thousands = Array.from({ length: 4_096 }, (_, at) => ({
  id: `c-${String(at).padStart(14, "0")}`,
  gatewayId: `gw-${String(at % 8).padStart(12, "0")}`,
  device: "\u0001".repeat(100),
  since: 1_800_000_000_000 + at,
}));

it("a record that fits is written as it is", () => {
  const encoded = encodeRecord({ ...record, ...around }, RECORD_MAX_BYTES);
  expect(encoded?.isWhole).toBe(true);
  expect(fromBytes(encoded?.data ?? new Uint8Array())).toEqual({ v: 1, ...record, ...around });
});

it("every connection of a person with thousands is kept, without its label", () => {
  const encoded = encodeRecord({ ...record, connections: thousands, ...around }, RECORD_MAX_BYTES);
  expect(encoded?.isWhole).toBe(false);
  expect(encoded?.data.length).toBeLessThanOrEqual(RECORD_MAX_BYTES);
  const kept = readRecord(encoded?.data ?? new Uint8Array())?.record.connections;
  expect(kept).toEqual(thousands.map((one) => ({ ...one, device: null })));
});

it("connections that do not fit leave one stand-in for each of their gateways, so no user seems to have left", () => {
  const encoded = encodeRecord({ ...record, connections: thousands, ...around }, 64 * 1024);
  const kept = readRecord(encoded?.data ?? new Uint8Array())?.record.connections ?? [];
  const ids = new Set(thousands.map(({ id }) => id));
  const standIns = kept.filter(({ id }) => !ids.has(id));
  expect(standIns.map(({ gatewayId }) => gatewayId).sort()).toEqual(
    [...new Set(thousands.map(({ gatewayId }) => gatewayId))].sort(),
  );
  expect(kept.at(-1)?.id).toBe(thousands.at(-1)?.id);
  expect(kept.length).toBeGreaterThan(200);
});

it("conversations are the last to go, and a limit below everything gives nothing", () => {
  const person = {
    username: "u",
    isAnonymous: false,
    conversationIds: Array.from({ length: 2_000 }, (_, at) => `c${at}`),
  };
  const encoded = encodeRecord({ ...record, person, ...around }, 8 * 1024);
  const kept = readRecord(encoded?.data ?? new Uint8Array())?.record.person?.conversationIds ?? [];
  expect(kept).toEqual(person.conversationIds.slice(0, kept.length));
  expect(kept.length).toBeGreaterThan(200);
  expect(encodeRecord({ ...record, person, ...around }, 100)).toBeUndefined();
});
