import { createLogger } from "@meeshy/shared/runtime/logger";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import { expect, it } from "vitest";
import { emptyRecord } from "../../src/core/record.ts";
import { type CheckpointerParts, createCheckpointer } from "../../src/host/checkpointer.ts";
import type { StoredRecord } from "../../src/io/stored-record.ts";

/** A checkpointer of a partition that holds one user, and what it has stored of them. */
function start() {
  const stored: Pick<StoredRecord, "seq" | "statusSeq">[] = [];
  let settling = () => {};
  let record = emptyRecord("alice");
  const written = { statusSeq: 0, recordSeq: 0 };
  const checkpointer = createCheckpointer({
    deps: {
      bus: { clock: systemClock },
      rules: { recordKeptMs: Number.POSITIVE_INFINITY },
      database: { unsaved: () => [], storedUpTo: () => 0, noteProgress() {} },
    },
    claim: { partition: 0, memory: { epoch: 1, seq: 1 }, hasCheckpoint: true, checkpoint: async () => {} },
    partition: {
      seq: () => record.seq,
      memory: () => ({ seq: record.seq }),
      get: () => record,
      written: () => written,
    },
    records: { write: async ({ seq, statusSeq }: StoredRecord) => void stored.push({ seq, statusSeq }) },
    statuses: { settled: async () => settling() },
    logger: createLogger("test", "silent"),
    storedUpTo: 1,
  } as unknown as CheckpointerParts);
  return {
    stored,
    checkpointer,
    /** An event at this log position, whose status is stored at this sequence of its stream. */
    change(seq: number, statusSeq: number) {
      record = { ...record, seq };
      written.statusSeq = statusSeq;
      checkpointer.changed(record);
    },
    whileSettling: (run: () => void) => {
      settling = run;
    },
  };
}

it("a record names the status that was stored before it", async () => {
  const { stored, checkpointer, change } = start();
  change(10, 3);
  await checkpointer.finish();
  expect(stored).toEqual([{ seq: 10, statusSeq: 3 }]);
});

it("a record names no status where a later one has been stored meanwhile: a successor publishes nothing twice", async () => {
  const { stored, checkpointer, change, whileSettling } = start();
  change(10, 3);
  whileSettling(() => {
    whileSettling(() => {});
    change(11, 4);
  });
  await checkpointer.finish();
  await checkpointer.finish();
  expect(stored).toEqual([
    { seq: 10, statusSeq: 0 },
    { seq: 11, statusSeq: 4 },
  ]);
});
