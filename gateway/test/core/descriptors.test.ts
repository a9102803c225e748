import { expect, it } from "vitest";
import { roomForConnections } from "../../src/core/descriptors.ts";

it("clients are given what is left of the limit", () => {
  expect(roomForConnections(65_536)).toEqual({ accepted: 58_982, again: 57_802, open: 60_620 });
});

it("a low limit keeps enough for what is no client", () => {
  expect(roomForConnections(200)).toEqual({ accepted: 136, again: 133, open: 152 });
  expect(roomForConnections(32)).toEqual({ accepted: 1, again: 1, open: 17 });
});

it("without a limit no client is refused for it", () => {
  expect(roomForConnections(undefined)).toBeUndefined();
  expect(roomForConnections(Number.POSITIVE_INFINITY)).toBeUndefined();
});
