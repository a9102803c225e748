import { describe, expect, it } from "vitest";
import {
  createPublishers,
  LOOK_MS,
  LOST_MAX,
  LOST_MEMORY_MS,
  OUT_OF_STEP_MS,
  REPORT_AGAIN_MS,
  SILENT_MS,
} from "../../src/core/publishers.ts";

const message = (number: number, publisher = "g1") => ({ publisher, number });
const DAY_MS = 24 * 3_600_000;

describe("the publisher table", () => {
  it("accepts only the next number", () => {
    const table = createPublishers({});
    const verdicts = [2, 1, 1, 3, 2, 3, 5].map((number) => table.admit(message(number), 0));
    expect(verdicts).toEqual(["hole", "accepted", "repeat", "hole", "accepted", "accepted", "hole"]);
  });

  it("accepts a resend of everything from the first lost message on, each once", () => {
    const table = createPublishers({});
    const arrivals = [1, 3, 4, 2, 3, 4, 5];
    const accepted = arrivals.filter((number) => table.admit(message(number), 0) === "accepted");
    expect(accepted).toEqual([1, 2, 3, 4, 5]);
  });

  it("ignores a lost publisher, known before or not", () => {
    const table = createPublishers({});
    table.admit(message(1), 0);
    table.markLost("g1", 5);
    table.markLost("unknown", 5);
    expect(table.admit(message(2), 6)).toBe("lost");
    expect(table.admit(message(1, "unknown"), 6)).toBe("lost");
  });

  it("lets messages without a number stand on their own", () => {
    const table = createPublishers({});
    expect([table.admit({}, 0), table.admit({}, 0)]).toEqual(["accepted", "accepted"]);
    expect(table.entries()).toEqual({});
  });

  it("accepts the next number of a publisher that has been silent for a month", () => {
    const table = createPublishers({});
    table.admit(message(1), 0);
    for (let now = 0; now <= 30 * DAY_MS; now += LOOK_MS) table.silent(now);
    expect(table.admit(message(2), 30 * DAY_MS)).toBe("accepted");
  });

  it("names at every look who has long been silent, and forgets who has ended", () => {
    const table = createPublishers({});
    table.admit(message(1), 0);
    table.admit(message(1, "g2"), SILENT_MS);
    expect(table.silent(SILENT_MS)).toEqual([]);
    expect(table.silent(SILENT_MS + LOOK_MS)).toEqual(["g1"]);
    expect(table.silent(SILENT_MS + LOOK_MS + 1)).toEqual([]);
    table.forget(["g1"]);
    expect(Object.keys(table.entries())).toEqual(["g2"]);
  });

  it("remembers a lost publisher for a day", () => {
    const table = createPublishers({});
    table.markLost("g1", 0);
    table.silent(LOST_MEMORY_MS);
    expect(table.isKnown("g1")).toBe(true);
    table.silent(LOST_MEMORY_MS + LOOK_MS);
    expect(table.entries()).toEqual({});
  });

  it("remembers the publishers that were lost last, and all that live, however many are lost", () => {
    const table = createPublishers({});
    table.admit(message(1, "alive"), 0);
    for (let n = 0; n < 10_000; n++) table.markLost(`g${n}`, n);
    expect(Object.keys(table.entries())).toHaveLength(LOST_MAX + 1);
    expect(table.admit(message(2, "alive"), 10_000)).toBe("accepted");
    expect(table.admit(message(1, "g9999"), 10_000)).toBe("lost");
  });
});

describe("a publisher out of step", () => {
  it("is reported once its hole has outlasted a resend, and again for as long as that lasts", () => {
    const table = createPublishers({});
    table.admit(message(1), 0);
    table.admit(message(3), 1_000);
    expect(table.outOfStep(1_000 + OUT_OF_STEP_MS - 1)).toEqual([]);
    const report = [{ publisher: "g1", expected: 2 }];
    expect(table.outOfStep(1_000 + OUT_OF_STEP_MS)).toEqual(report);
    expect(table.outOfStep(1_000 + OUT_OF_STEP_MS + REPORT_AGAIN_MS - 1)).toEqual([]);
    expect(table.outOfStep(1_000 + OUT_OF_STEP_MS + REPORT_AGAIN_MS)).toEqual(report);
  });

  it("is reported though nothing of it was ever accepted, and is not known for that", () => {
    const table = createPublishers({});
    table.admit(message(7), 0);
    expect(table.outOfStep(OUT_OF_STEP_MS)).toEqual([{ publisher: "g1", expected: 1 }]);
    expect(table.isKnown("g1")).toBe(false);
  });

  it("is not reported when a resend has filled the hole", () => {
    const table = createPublishers({});
    for (const number of [1, 3, 2, 3]) table.admit(message(number), 0);
    expect(table.outOfStep(OUT_OF_STEP_MS)).toEqual([]);
  });

  it("is known to the next owner", () => {
    const table = createPublishers({});
    table.admit(message(3), 0);
    const next = createPublishers(JSON.parse(JSON.stringify(table.entries())));
    expect(next.outOfStep(OUT_OF_STEP_MS)).toEqual([{ publisher: "g1", expected: 1 }]);
  });

  it("is one that was declared lost and still writes; what it had on its way is no fault", () => {
    const table = createPublishers({});
    table.markLost("g1", 0);
    table.admit(message(1), OUT_OF_STEP_MS - 1);
    expect(table.outOfStep(10 * OUT_OF_STEP_MS)).toEqual([]);
    table.admit(message(2), 10 * OUT_OF_STEP_MS);
    expect(table.outOfStep(10 * OUT_OF_STEP_MS)).toEqual([{ publisher: "g1", expected: 0 }]);
    expect(table.outOfStep(20 * OUT_OF_STEP_MS)).toEqual([]);
    table.admit(message(3), 20 * OUT_OF_STEP_MS);
    expect(table.outOfStep(20 * OUT_OF_STEP_MS)).toEqual([{ publisher: "g1", expected: 0 }]);
  });

  it("is remembered for a bounded number of strangers", () => {
    const table = createPublishers({});
    for (let n = 0; n < 10_000; n++) table.admit(message(5, `stranger-${n}`), n);
    expect(Object.keys(table.entries()).length).toBeLessThanOrEqual(1_000);
  });
});
