import { describe, expect, it } from "vitest";
import {
  CHECKPOINT_MESSAGES,
  CHECKPOINT_MS,
  isCheckpointDue,
  type SinceCheckpoint,
} from "../../src/core/checkpoint-rhythm.ts";

const since = (given: Partial<SinceCheckpoint>): SinceCheckpoint => ({
  elapsed: 0,
  messages: 0,
  hasNews: false,
  isFirst: false,
  ...given,
});

describe("a checkpoint", () => {
  it("is not due while nothing happens, however long", () => {
    expect(isCheckpointDue(since({ elapsed: 1e9 }))).toBe(false);
    expect(isCheckpointDue(since({ elapsed: 1e9, isFirst: true }))).toBe(false);
  });

  it("waits for more while the last one is recent and few messages came since", () => {
    const few = since({ messages: CHECKPOINT_MESSAGES - 1, elapsed: CHECKPOINT_MS, hasNews: true });
    expect(isCheckpointDue(few)).toBe(false);
  });

  it("is due once many messages would have to be read again", () => {
    expect(isCheckpointDue(since({ messages: CHECKPOINT_MESSAGES }))).toBe(true);
  });

  it("is due some time after the last one when a record has changed, or the database has caught up", () => {
    expect(isCheckpointDue(since({ elapsed: CHECKPOINT_MS + 1, messages: 1, hasNews: true }))).toBe(true);
    expect(isCheckpointDue(since({ elapsed: CHECKPOINT_MS + 1, hasNews: true }))).toBe(true);
  });

  it("is not due for time alone", () => {
    expect(isCheckpointDue(since({ elapsed: 1e9, messages: CHECKPOINT_MESSAGES - 1 }))).toBe(false);
  });

  it("is due at once where there was none, so that records never lie without", () => {
    expect(isCheckpointDue(since({ messages: 1, isFirst: true }))).toBe(true);
  });
});
