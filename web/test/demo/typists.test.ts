import { expect, it } from "vitest";
import { NO_TYPISTS, nextEnd, SHOWN_MS, stillTyping, withTypist } from "../../demo/typists.ts";

it("who types is shown for as long as notices come, and for a moment more", () => {
  const ann = withTypist(NO_TYPISTS, "ann", 0);
  const both = withTypist(withTypist(ann, "bob", 1_000), "ann", 3_000);
  expect(both.ids).toEqual(["ann", "bob"]);
  expect(nextEnd(both)).toBe(1_000 + SHOWN_MS);
  expect(stillTyping(both, 1_000 + SHOWN_MS).ids).toEqual(["ann"]);
  expect(stillTyping(both, 3_000 + SHOWN_MS)).toEqual(NO_TYPISTS);
  expect(nextEnd(NO_TYPISTS)).toBe(Number.POSITIVE_INFINITY);
});

it("who has sent what they typed types no more", () => {
  const typists = withTypist(withTypist(NO_TYPISTS, "ann", 0), "bob", 0);
  expect(stillTyping(typists, 100, "ann").ids).toEqual(["bob"]);
  expect(stillTyping(typists, 100, "carol")).toBe(typists);
});
