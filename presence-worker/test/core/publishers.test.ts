import { describe, expect, it } from "vitest";
import {
  admit,
  markLost,
  PUBLISHER_MEMORY_MS,
  type PublisherTable,
  prune,
} from "../../src/core/publishers.ts";

const message = (number: number) => ({ publisher: "g1", number });

describe("the publisher table", () => {
  it("accepts only the next number", () => {
    const table: PublisherTable = new Map();
    const verdicts = [2, 1, 1, 3, 2, 3, 5].map((number) => admit(table, message(number), 0));
    expect(verdicts).toEqual(["hole", "accepted", "repeat", "hole", "accepted", "accepted", "hole"]);
  });

  it("accepts a resend of everything from the first lost message on, each once", () => {
    const table: PublisherTable = new Map();
    const arrivals = [1, 3, 4, 2, 3, 4, 5];
    const accepted = arrivals.filter((number) => admit(table, message(number), 0) === "accepted");
    expect(accepted).toEqual([1, 2, 3, 4, 5]);
  });

  it("ignores a lost publisher, known before or not", () => {
    const table: PublisherTable = new Map();
    admit(table, message(1), 0);
    markLost(table, "g1", 5);
    markLost(table, "never-heard", 5);
    expect(admit(table, message(2), 6)).toBe("lost");
    expect(admit(table, { publisher: "never-heard", number: 1 }, 6)).toBe("lost");
  });

  it("lets messages without a number stand on their own", () => {
    const table: PublisherTable = new Map();
    expect([admit(table, {}, 0), admit(table, {}, 0)]).toEqual(["accepted", "accepted"]);
    expect(table.size).toBe(0);
  });

  it("forgets whoever has been silent for a day", () => {
    const table: PublisherTable = new Map();
    admit(table, message(1), 1_000);
    prune(table, 1_000 + PUBLISHER_MEMORY_MS);
    expect(table.size).toBe(1);
    prune(table, 1_001 + PUBLISHER_MEMORY_MS);
    expect(table.size).toBe(0);
  });
});
