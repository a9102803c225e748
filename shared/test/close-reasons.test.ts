import { expect, test } from "vitest";
import {
  CLOSE_REASONS,
  type CloseReasonName,
  closeCause,
  closeReason,
  isCleanClose,
  isReconnecting,
} from "../src/close-reasons.ts";

test("every reason has a code of its own, from 4000 to 4999", () => {
  const codes = Object.values(CLOSE_REASONS).map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  for (const code of codes) expect(code >= 4000 && code < 5000, `${code}`).toBe(true);
});

const LOSS = { cause: "connection-lost", isClean: false };
test.each<[CloseReasonName, number, { cause: string; isClean: boolean }, boolean]>([
  ["transport close", 4000, LOSS, true],
  ["transport error", 4001, LOSS, true],
  ["ping timeout", 4002, LOSS, true],
  ["forced close", 4003, LOSS, true],
  ["forced server close", 4004, LOSS, true],
  ["parse error", 4005, LOSS, true],
  ["server shutting down", 4006, LOSS, true],
  ["slow consumer", 4007, LOSS, true],
  ["client namespace disconnect", 4500, { cause: "disconnect", isClean: true }, false],
  ["server namespace disconnect", 4501, LOSS, false],
  ["admin", 4502, { cause: "admin", isClean: true }, false],
  ["replaced", 4503, LOSS, false],
  ["token expired", 4504, LOSS, false],
])("%s keeps its code, %i, and its meaning", (name, code, end, comesBack) => {
  expect(CLOSE_REASONS[name].code).toBe(code);
  expect({ cause: closeCause(name), isClean: isCleanClose(name) }).toEqual(end);
  expect(isReconnecting(name)).toBe(comesBack);
});

test.each(["because", "toString", "__proto__", ""])("the unknown reason %j counts as a loss", (name) => {
  expect(closeReason(name)).toBeUndefined();
  expect(closeCause(name)).toBe("connection-lost");
  expect(isCleanClose(name)).toBe(false);
});
