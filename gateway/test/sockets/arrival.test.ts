import { LONGEST_IDLE_MS } from "@meeshy/shared/events";
import { expect, it } from "vitest";
import { createPid, readArrival } from "../../src/sockets/arrival.ts";

const fresh = { isResumed: false, isPassive: false, idleMs: 0 };
const byItself = { isResumed: true, isPassive: false, idleMs: LONGEST_IDLE_MS };

it.each<[string, Record<string, unknown>, object]>([
  ["nothing", {}, fresh],
  ["what is no truth", { resumed: "yes", passive: 1, idleMs: "5", pid: 7 }, fresh],
  ["an idle time before the connection", { idleMs: -1 }, fresh],
  ["an idle time that is no number", { idleMs: Number.NaN }, fresh],
  ["resumed", { resumed: true }, byItself],
  ["resumed with a malformed idle time", { resumed: true, idleMs: null }, byItself],
  [
    "resumed, and for how long the person has been idle",
    { resumed: true, idleMs: 5 },
    { ...byItself, idleMs: 5 },
  ],
  ["an idle time alone", { idleMs: 5 }, { ...byItself, idleMs: 5 }],
  ["an idle time of ages", { idleMs: Number.MAX_VALUE }, byItself],
  ["the person's own pid", { pid: createPid("alice") }, byItself],
  ["a pid of another server's", { pid: "SN39b6QgCW2xOYmU" }, byItself],
  ["the pid of the person who was signed in before", { pid: createPid("bob") }, fresh],
  ["a pid, but a new life", { pid: createPid("alice"), resumed: false }, { ...fresh, saysNew: true }],
  ["passive", { passive: true }, { isResumed: false, isPassive: true, idleMs: LONGEST_IDLE_MS }],
])("a handshake that says %s", (_, auth, expected) => {
  expect(readArrival(auth, "alice")).toEqual(expected);
});
