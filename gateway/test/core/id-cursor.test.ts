import { expect, test } from "vitest";
import { decodeIdCursor, encodeIdCursor } from "../../src/core/id-cursor.ts";

test.each(["ann", "auth0|5.f*>7 é/x", "id x", "a\nb"])("a cursor leads back to its id: %j", (id) => {
  expect(decodeIdCursor(encodeIdCursor(id))).toBe(id);
});

test.each(["", "x", "garbage", "é", Buffer.from("id ").toString("base64url"), "aWQgYQ=="])(
  "what is no cursor of ours is refused: %j",
  (cursor) => {
    expect(() => decodeIdCursor(cursor)).toThrow(expect.objectContaining({ code: "bad_request" }));
  },
);
