import { expect, test } from "vitest";
import { lostGateways } from "../../src/core/lost-gateways.ts";

const LEASE = 6_000;
const NOW = 100_000;

/** Judges gateways by how long each has been silent, in ms. */
const judge = (silence: Record<string, number>, receivingFor = 1_000_000) =>
  lostGateways({
    now: NOW,
    receivingSince: NOW - receivingFor,
    gateways: Object.entries(silence).map(([id, ms]) => ({ id, changedAt: NOW - ms, leaseMs: LEASE })),
  });

const table: [string, Record<string, number>, string[]][] = [
  ["none where there is none", {}, []],
  ["none while all beat", { a: 900, b: 100 }, []],
  ["none at exactly the lease", { a: LEASE, b: 100 }, []],
  ["one silent for longer than its lease while another beats", { a: LEASE + 1, b: 100 }, ["a"]],
  ["several at once while one beats", { a: LEASE + 1, b: 100, c: 9_000 }, ["a", "c"]],
  ["none when the others fell silent just after it", { a: LEASE + 1, b: LEASE - 1_000 }, []],
  ["one whose lease has passed while another beat within half of it", { a: LEASE + 1, b: 3_000 }, ["a"]],
  ["none of all that are silent, before three leases", { a: 3 * LEASE, b: LEASE + 1 }, []],
  [
    "of all that are silent, those beyond three leases",
    { a: 3 * LEASE + 1, b: 2 * LEASE, c: 3 * LEASE + 500 },
    ["a", "c"],
  ],
  ["an only gateway not before three leases", { a: 3 * LEASE }, []],
  ["an only gateway after three leases", { a: 3 * LEASE + 1 }, ["a"]],
];

test.each(table)("declares lost: %s", (_, silence, expected) => {
  expect(judge(silence)).toEqual(expected);
});

test("counts no silence from before the self-check passed", () => {
  expect(judge({ a: 50_000, b: 100 }, LEASE)).toEqual([]);
  expect(judge({ a: 50_000, b: 100 }, LEASE + 1)).toEqual(["a"]);
  expect(judge({ a: 50_000, b: 50_000 }, 3 * LEASE)).toEqual([]);
  expect(judge({ a: 50_000, b: 50_000 }, 3 * LEASE + 1)).toEqual(["a", "b"]);
});

test("each gateway is judged by the length of its own lease", () => {
  const gateways = [
    { id: "patient", changedAt: NOW - LEASE - 1, leaseMs: 4 * LEASE },
    { id: "hasty", changedAt: NOW - 1_001, leaseMs: 1_000 },
    { id: "living", changedAt: NOW - 100, leaseMs: LEASE },
  ];
  expect(lostGateways({ now: NOW, receivingSince: 0, gateways })).toEqual(["hasty"]);
});

test("a gateway of a short lease is not lost because one of a long lease, as silent, counts as alive", () => {
  const gateways = [
    { id: "hasty", changedAt: NOW - 1_001, leaseMs: 1_000 },
    { id: "patient", changedAt: NOW - 1_001, leaseMs: 4 * LEASE },
  ];
  expect(lostGateways({ now: NOW, receivingSince: 0, gateways })).toEqual([]);
});
