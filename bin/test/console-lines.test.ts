import { expect, test } from "vitest";
import { consoleLine } from "../launcher/console-lines.ts";

test("a JSON line becomes its source, level, message and details", () => {
  const line = JSON.stringify({
    level: 30,
    time: 1,
    pid: 2,
    hostname: "h",
    msg: "listening",
    port: 8000,
    who: { a: 1 },
  });
  expect(consoleLine("gateway-1", line)).toBe('gateway-1 info listening port=8000 who={"a":1}');
});

test("of an error only the message is shown", () => {
  const line = JSON.stringify({
    level: 40,
    msg: "not stored",
    err: { type: "Error", message: "lost", stack: "at …" },
  });
  expect(consoleLine("sweeper-1", line)).toBe("sweeper-1 warn not stored err=lost");
});

test("a line that is no JSON is shown as it is", () => {
  expect(consoleLine("sweeper-1", "Error: what")).toBe("sweeper-1 Error: what");
  expect(consoleLine("sweeper-1", "{ not json")).toBe("sweeper-1 { not json");
});
