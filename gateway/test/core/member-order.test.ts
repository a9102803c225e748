import fc from "fast-check";
import { expect, test } from "vitest";
import {
  byCodeUnits,
  decodeMemberCursor,
  encodeMemberCursor,
  firstAfter,
  indexAfter,
  isAmong,
} from "../../src/core/member-order.ts";

const ids = fc.uniqueArray(fc.string({ maxLength: 3 }));

test("the first ids behind one are those of a sorted list, in one pass", () => {
  fc.assert(
    fc.property(ids, fc.string({ maxLength: 2 }), fc.integer({ min: 1, max: 5 }), (all, after, limit) => {
      const isWanted = (id: string) => id.length !== 2;
      const sorted = all.filter((id) => id > after && isWanted(id)).sort(byCodeUnits);
      expect(firstAfter(all, { after, limit }, isWanted)).toEqual(sorted.slice(0, limit));
    }),
  );
});

test("an ordered list is searched by halves", () => {
  fc.assert(
    fc.property(ids, fc.string({ maxLength: 3 }), (all, id) => {
      const ordered = all.sort(byCodeUnits);
      expect(indexAfter(ordered, id)).toBe(ordered.filter((one) => one <= id).length);
      expect(isAmong(ordered, id)).toBe(ordered.includes(id));
    }),
  );
});

test("a cursor says where the next page begins, and no other text does", () => {
  for (const cursor of [
    { part: "online", after: "" },
    { part: "others", after: "auth0|1 2\n例" },
  ] as const)
    expect(decodeMemberCursor(encodeMemberCursor(cursor))).toEqual(cursor);
  for (const text of ["", "x", Buffer.from("online").toString("base64url"), "%%"])
    expect(() => decodeMemberCursor(text)).toThrow(expect.objectContaining({ code: "bad_request" }));
});
