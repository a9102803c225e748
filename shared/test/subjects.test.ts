import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  decodeId,
  EVENT_SOURCES,
  encodeId,
  eventSubject,
  MAX_ID_LENGTH,
  PARTITIONS,
  parseEventSubject,
  partitionFilter,
  partitionOf,
  partitionSubject,
  recordKey,
  statusSetSubject,
  statusSubject,
  userOfStatusSubject,
} from "../src/subjects.ts";

/** Ids as foreign systems make them: any well-formed text. */
const anyId = fc
  .string({ minLength: 1, maxLength: 60, unit: "grapheme" })
  .filter((id) => id.length <= MAX_ID_LENGTH);
const SUBJECT_TOKEN = /^[A-Za-z0-9_=-]+$/;

describe("an encoded id", () => {
  test("is one token of a subject and of a key, and gives the id back", () => {
    fc.assert(
      fc.property(anyId, (id) => {
        const token = encodeId(id);
        expect(token).toMatch(SUBJECT_TOKEN);
        expect(decodeId(token)).toBe(id);
      }),
    );
  });

  test("differs where ids differ", () => {
    fc.assert(
      fc.property(anyId, anyId, (a, b) => {
        expect(encodeId(a) === encodeId(b)).toBe(a === b);
      }),
    );
  });

  test.each([
    ["alice", "alice"],
    ["anon_0f-3", "anon_0f-3"],
    ["auth0|1", "auth0=7C1"],
    ["a.b@example.org", "a=2Eb=40example=2Eorg"],
    ["=7C", "=3D7C"],
    ["* >", "=2A=20=3E"],
    ["é😀", "=C3=A9=F0=9F=98=80"],
  ])("of %j is %j", (id, token) => {
    expect(encodeId(id)).toBe(token);
    expect(decodeId(token)).toBe(id);
  });

  test("is refused for no id and for one that is too long", () => {
    expect(() => encodeId("")).toThrow(RangeError);
    expect(() => encodeId("x".repeat(MAX_ID_LENGTH + 1))).toThrow(RangeError);
    expect(encodeId("x".repeat(MAX_ID_LENGTH))).toHaveLength(MAX_ID_LENGTH);
  });

  test.each(["", "a.b", "=", "=4", "=4g", "=zz", "a b", "=C3", "=7c", "*", "x".repeat(MAX_ID_LENGTH + 1)])(
    "%j encodes nothing",
    (token) => {
      expect(() => decodeId(token)).toThrow(RangeError);
    },
  );
});

describe("a partition", () => {
  test("is the FNV-1a hash of the encoded id, modulo 64", () => {
    // Published test values of the 32 bit hash: "a" e40c292c, "foobar" bf9cf968.
    expect(partitionOf("a")).toBe(0xe40c292c % PARTITIONS);
    expect(partitionOf("foobar")).toBe(0xbf9cf968 % PARTITIONS);
  });

  test("takes its fair share of the users", () => {
    const counts = new Array<number>(PARTITIONS).fill(0);
    for (let i = 0; i < 64_000; i++) {
      const p = partitionOf(`user-${i}`);
      counts[p] = (counts[p] as number) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(800);
    expect(Math.max(...counts)).toBeLessThan(1_200);
  });
});

describe("an event's subject", () => {
  test("gives its user, source and partition", () => {
    fc.assert(
      fc.property(fc.constantFrom(...EVENT_SOURCES), anyId, (source, userId) => {
        const subject = eventSubject(source, userId);
        expect(parseEventSubject(subject)).toEqual({ source, userId, partition: partitionOf(userId) });
        expect(subject.startsWith(partitionFilter(partitionOf(userId)).slice(0, -1))).toBe(true);
      }),
    );
  });

  test("of a whole partition names no user", () => {
    expect(parseEventSubject(partitionSubject("sweep", 63))).toEqual({ source: "sweep", partition: 63 });
  });

  test.each([
    "presence.in.64.gw.alice",
    "presence.in.-1.gw.alice",
    "presence.in.1x.gw.alice",
    "presence.in.007.gw.alice",
    "presence.in.1.unknown.alice",
    "presence.in.1.gw.a.b",
    "presence.in.1.gw.=zz",
    `presence.in.${(partitionOf("alice") + 1) % PARTITIONS}.gw.alice`,
    `presence.in.${partitionOf("alice")}.gw.=61lice`,
    "presence.out.1.gw.alice",
    "other.in.1.gw.alice",
    "presence.in",
    "",
  ])("%j is none", (subject) => {
    expect(parseEventSubject(subject)).toBeUndefined();
  });
});

test("a status subject names its user, whichever of the two it is", () => {
  fc.assert(
    fc.property(anyId, (userId) => {
      expect(userOfStatusSubject(statusSubject(userId))).toBe(userId);
      expect(userOfStatusSubject(statusSetSubject(userId))).toBe(userId);
    }),
  );
  for (const subject of ["presence.status", "presence.in.alice", "presence.status.a.b", "presence.set.=zz"]) {
    expect(userOfStatusSubject(subject)).toBeUndefined();
  }
});

test("a record's key begins with its partition", () => {
  expect(recordKey("auth0|1")).toBe(`${partitionOf("auth0|1")}.auth0=7C1`);
});
