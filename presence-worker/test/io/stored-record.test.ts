import { fromBytes, toBytes } from "@meeshy/shared/nats/last-value";
import { expect, it } from "vitest";
import { encodeRecord, RECORD_MAX_BYTES, readRecord } from "../../src/io/stored-record.ts";
import { known, onAB } from "../core/support/lifecycle-table.ts";

const read = (stored: unknown) => readRecord(toBytes(stored));
const around = { epoch: 2, statusSeq: 11, unsaved: [] };
const record = known({ state: "online", connections: onAB });

it("a record is read as it was written", () => {
  expect(read({ ...record, ...around })).toEqual({ record, ...around });
});

it("a record that an earlier version wrote, with its connections by id, is read alike", () => {
  const byId = Object.fromEntries(onAB.map(({ id, ...connection }) => [id, connection]));
  expect(read({ ...record, connections: byId, ...around })).toEqual({ record, ...around });
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

it("connections that do not fit leave one stand-in for each of their gateways, so nobody seems to have left", () => {
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
