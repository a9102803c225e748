import { toBytes } from "@meeshy/shared/nats/last-value";
import { expect, it } from "vitest";
import { readRecord } from "../../src/io/stored-record.ts";
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
