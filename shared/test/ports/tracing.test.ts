import { expect, test } from "vitest";
import { NO_TRACING, passThrough, readTraceparent, traceIdOf } from "../../src/ports/tracing.ts";

const TRACE = "0123456789abcdef0123456789abcdef";
const SPAN = "0123456789abcdef";

test("a traceparent names a trace, a span, and whether they are recorded", () => {
  expect(readTraceparent(`00-${TRACE}-${SPAN}-01`)).toEqual({
    traceId: TRACE,
    spanId: SPAN,
    isSampled: true,
  });
  expect(readTraceparent(`00-${TRACE}-${SPAN}-00`)?.isSampled).toBe(false);
  expect(traceIdOf(`00-${TRACE}-${SPAN}-01`)).toBe(TRACE);
});

test.each([
  undefined,
  null,
  7,
  "",
  TRACE,
  `00-${"0".repeat(32)}-${SPAN}-01`,
  `00-${TRACE}-${"0".repeat(16)}-01`,
  `00-${TRACE}-${SPAN}-01\r\nx: y`,
  `00-${TRACE.toUpperCase()}-${SPAN}-01`,
  "x".repeat(10_000),
])("what is none counts as none: %s", (value) => {
  expect(readTraceparent(value)).toBeUndefined();
  expect(passThrough(value as string | undefined).traceparent).toBeUndefined();
});

test("without tracing a client's own context is handed on as it came", () => {
  const parent = `00-${TRACE}-${SPAN}-01`;
  const span = NO_TRACING.start("x", { kind: "server", parent });
  expect(span.traceparent).toBe(parent);
  span.end();
  expect(NO_TRACING.start("x", { kind: "server" }).traceparent).toBeUndefined();
});
