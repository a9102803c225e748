import { describe, expect, it } from "vitest";
import type { Finding } from "../oracle/finding.ts";
import type { Fault } from "../oracle/history.ts";
import { countStatuses, linesOf } from "../report/lines.ts";
import { breachesOf, busyText } from "../report/print.ts";
import { shortened } from "../report/shortened.ts";
import { layOut, tableOf } from "../report/table.ts";
import { createStory, offline, online } from "./story.ts";

const fault = (name: string, injectedAt: number, recoveryMs: number | null): Fault => ({
  ...{ name, component: "worker", action: "kill", delayMs: 0, targets: [0], all: false, part: false },
  ...{ injectedAt, endedAt: injectedAt + 100, recoveryMs },
});
const finding = (at: number): Finding => ({ column: "lost", at, about: "ann", text: "" });

function linesOfStory() {
  const { history, connect } = createStory();
  connect("bob", 1_000)
    .snapshot(1_010, online("ann", 1))
    .receives(11_000, offline("ann", 2), online("ann", 3));
  history.faults.push(fault("a", 10_000, 500), fault("b", 20_000, null), fault("a", 30_000, 700));
  return linesOf(history, [{ at: 500 }, { at: 31_000 }], [finding(9_999), finding(10_000), finding(29_000)]);
}

describe("the table", () => {
  it("gives every moment to the fault before it, and sums up the faults of one name", () => {
    expect(linesOfStory()).toMatchObject([
      { name: "none", injections: 0, deeds: 1, statuses: 1, findings: { lost: 1 }, recoveriesMs: [] },
      { name: "a", injections: 2, deeds: 1, statuses: 2, findings: { lost: 1 }, recoveriesMs: [500, 700] },
      { name: "b", injections: 1, deeds: 0, statuses: 0, findings: { lost: 1 }, recoveriesMs: [] },
    ]);
  });

  it("ends with the totals", () => {
    const last = tableOf(linesOfStory()).split("\n").at(-1)?.split(/\s+/).slice(0, 5);
    expect(last).toEqual(["total", "3", "2", "3", "3"]);
  });

  it("has columns as wide as their widest cell", () => {
    expect(
      layOut([
        ["a", "long"],
        ["name", "1"],
      ]),
    ).toBe("a     long\nname     1");
  });
});

describe("a run fails", () => {
  it.each([
    ["with a finding", linesOfStory(), [finding(1)], ["1 findings"]],
    ["without a fault", linesOfStory().slice(0, 1), [], ["no fault was injected"]],
    ["without a status", linesOfStory().slice(2), [], ["no status was checked"]],
    ["with nothing of that: it does not", linesOfStory(), [], []],
  ])("%s", (_, lines, findings, breaches) => {
    expect(breachesOf({ lines, findings })).toEqual(breaches);
  });

  it("only with statuses that were checked", () => {
    expect(countStatuses(linesOfStory())).toBe(3);
  });
});

it("services that were busy for long are named, the longest first", () => {
  expect(busyText([])).toBe("no service was busy with one thing for long");
  const turn = { process: "gateway-1", pid: 7, ageMs: 9_100, ms: 420, cpuMs: 400.4 };
  expect(busyText([turn, { ...turn, process: "sweeper-2", cpuMs: 120 }])).toBe(
    "services were busy with one thing for long 2 times: gateway-1 (7) for 400 ms, 9.1 s after its start; sweeper-2 (7) for 120 ms, 9.1 s after its start",
  );
});

it("a long error is printed by its beginning and its end", () => {
  const text = shortened(new Error(Array.from({ length: 1_000 }, (_, line) => `line ${line}`).join("\n")));
  expect(text).toContain("line 0\n");
  expect(text).toContain("(967 more lines)");
  expect(text).toContain("line 999");
  expect(shortened(new Error("short"))).toBe("short");
});
