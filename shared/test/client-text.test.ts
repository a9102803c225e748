import fc from "fast-check";
import { expect, test } from "vitest";
import { toLabel, toLine, toLines } from "../src/client-text.ts";

test("a line has no control characters, a text of several lines keeps its layout", () => {
  const given = "a\u0000b\u001b[31m\tc\r\nd\u007f\u0085é\ud800";
  expect(toLine(given)).toBe("ab[31mcdé\ufffd");
  expect(toLines(given)).toBe("a\u0000b[31m\tc\r\ndé\ufffd");
});

test("a label takes a bounded number of bytes, in JSON too but for quotes, and no character is cut in two", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.integer({ min: 1, max: 100 }),
      (text, max) => {
        const label = toLabel(text, max);
        expect(Buffer.byteLength(label)).toBeLessThanOrEqual(max);
        expect(label.isWellFormed()).toBe(true);
        expect(Buffer.byteLength(JSON.stringify(label.replaceAll(/["\\]/g, "")))).toBeLessThanOrEqual(
          max + 2,
        );
      },
    ),
  );
  expect(toLabel("😀".repeat(30), 100)).toBe("😀".repeat(25));
  expect(toLabel("\u0001".repeat(100), 100)).toBe("");
});
