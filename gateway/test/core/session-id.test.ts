import { expect, it } from "vitest";
import { holderOf, sessionIdOf } from "../../src/core/session-id.ts";

const pathOf = (sid: string) => `/socket.io/?EIO=4&transport=polling&sid=${sid}`;

it("a session's id names the process that holds it", () => {
  for (const process of [1, 2, 64]) expect(holderOf(pathOf(sessionIdOf(process, "aZ0_-")), 64)).toBe(process);
});

it.each([
  ["no session", "/socket.io/?EIO=4&transport=polling"],
  ["no query", "/socket.io/sid=2.x"],
  ["a process that is none", pathOf("5.x")],
  ["process 0", pathOf("0.x")],
  ["a number with a sign", pathOf("-1.x")],
  ["a number of another form", pathOf("02.x")],
  ["an id without a process", pathOf("x")],
  ["an empty one", pathOf("")],
  ["another parameter that ends alike", "/socket.io/?asid=2.x"],
])("%s is held by no other", (_, url) => {
  expect(holderOf(url, 4)).toBeNull();
});
