import { expect, test } from "vitest";
import { minimalTimeline } from "../report.ts";

test("a finding's timeline holds what happened to its person, the last faults, and nothing of others or of later", () => {
  const timeline = [
    { at: 1_000, about: "u1", line: "connects to gateway1" },
    { at: 2_000, about: "u2", line: "connects to gateway1" },
    { at: 3_000, about: "world", line: "fault: kill worker1, for 1.0 s" },
    { at: 4_000, about: "worker1", line: "worker1 starts" },
    { at: 6_000, about: "u1", line: "goodbye at gateway1" },
  ];
  expect(minimalTimeline({ rule: "ghost", at: 5_000, about: "u1", text: "" }, timeline)).toEqual([
    "  day 0 00:00:01.000  u1: connects to gateway1",
    "  day 0 00:00:03.000  world: fault: kill worker1, for 1.0 s",
    "  day 0 00:00:04.000  worker1: worker1 starts",
  ]);
});
