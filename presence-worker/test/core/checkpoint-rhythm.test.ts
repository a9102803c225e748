import { describe, expect, it } from "vitest";
import {
  CHECKPOINT_MESSAGES,
  CHECKPOINT_MS,
  isCheckpointDue,
  QUIET_MS,
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

  it("is due some time after the last one when a record has changed", () => {
    const late = { messages: 1, elapsed: CHECKPOINT_MS + 1 };
    expect(isCheckpointDue(since({ ...late, hasNews: true }))).toBe(true);
    expect(isCheckpointDue(since(late))).toBe(false);
  });

  it("is due some time after the database has caught up, though no message came", () => {
    expect(isCheckpointDue(since({ elapsed: CHECKPOINT_MS + 1, hasNews: true }))).toBe(true);
  });

  it("is rare where nothing but time passes", () => {
    expect(isCheckpointDue(since({ messages: 10, elapsed: QUIET_MS }))).toBe(false);
    expect(isCheckpointDue(since({ messages: 10, elapsed: QUIET_MS + 1 }))).toBe(true);
  });

  it("is due at once where there was none, so that records never lie without", () => {
    expect(isCheckpointDue(since({ messages: 1, isFirst: true }))).toBe(true);
  });
});
