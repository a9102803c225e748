import { expect, test } from "vitest";
import { isLeader } from "../../src/core/leader.ts";

const NOW = 100_000;
const sign = (id: string, silentMs = 100, isRunning = true) => ({ id, changedAt: NOW - silentMs, isRunning });

test.each<[string, ReturnType<typeof sign>[], boolean]>([
  ["writes alone", [sign("m")], true],
  ["writes while its heartbeat is not on the board yet", [], true],
  ["leaves it to one with a lower id", [sign("a"), sign("m")], false],
  ["writes beside one with a higher id", [sign("m"), sign("z")], true],
  ["takes over from one that says it is paused", [sign("a", 100, false), sign("m")], true],
  ["waits for three heartbeats of one that is silent", [sign("a", 1_500), sign("m")], false],
  ["takes over from one that is silent for longer", [sign("a", 1_501), sign("m")], true],
])("a running sweeper %s", (_, sweepers, expected) => {
  expect(isLeader("m", sweepers, NOW)).toBe(expected);
});
