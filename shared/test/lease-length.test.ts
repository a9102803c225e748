import { expect, test } from "vitest";
import { createLeaseLengths } from "../src/lease-length.ts";
import { createLogger } from "../src/runtime/logger.ts";

const OWN = 6_000;

function lengths() {
  const logger = createLogger("test", "silent");
  const noticed: unknown[] = [];
  logger.warn = ((fields: object) => void noticed.push(fields)) as typeof logger.warn;
  return { noticed, of: createLeaseLengths(OWN, logger).of };
}

test.each<[string, unknown, number]>([
  ["is what the heartbeat carries", { leaseMs: 12_000 }, 12_000],
  ["is one's own for a release without the field", { beat: 1 }, OWN],
  ["is one's own where the value is none", { leaseMs: "12000" }, OWN],
  ["is one's own where it is not above 0", { leaseMs: -1 }, OWN],
  ["is one's own without a readable heartbeat", undefined, OWN],
  ["is not shorter than half a second", { leaseMs: 1 }, 500],
  ["is not longer than ten minutes", { leaseMs: 1e12 }, 600_000],
])("a process' lease %s", (_, value, expected) => {
  expect(lengths().of("g.a", value)).toBe(expected);
});

test("a longer lease than that counts where it is configured here too", () => {
  const { of } = createLeaseLengths(3_600_000, createLogger("test", "silent"));
  expect(of("g.a", { leaseMs: 3_600_000 })).toBe(3_600_000);
  expect(of("g.b", { leaseMs: 1e12 })).toBe(3_600_000);
});

test("a process that is configured differently is logged, once", () => {
  const { noticed, of } = lengths();
  for (let beat = 0; beat < 3; beat++) {
    of("g.same", { beat, leaseMs: OWN });
    of("g.other", { beat, leaseMs: 12_000 });
  }
  expect(noticed).toEqual([{ key: "g.other", leaseMs: 12_000, ownMs: OWN }]);
});
