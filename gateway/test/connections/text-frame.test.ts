import { expect, test } from "vitest";
import { textFrame } from "../../src/connections/engine-internals.ts";

const letters = (count: number) => "x".repeat(count);

test.each([
  { bytes: 0, head: [0x81, 0] },
  { bytes: 125, head: [0x81, 125] },
  { bytes: 126, head: [0x81, 126, 0, 126] },
  { bytes: 0xffff, head: [0x81, 126, 0xff, 0xff] },
  { bytes: 0x10000, head: [0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0] },
])("a frame of $bytes bytes says so in its head, and what follows is the text", ({ bytes, head }) => {
  const frame = textFrame(letters(bytes));
  expect([...frame.subarray(0, head.length)]).toEqual(head);
  expect(frame.subarray(head.length).toString()).toBe(letters(bytes));
});

test("the length is that of the bytes, not of the letters", () => {
  const frame = textFrame("é→🙂");
  expect(frame[1]).toBe(frame.length - 2);
  expect(frame.subarray(2).toString()).toBe("é→🙂");
});
