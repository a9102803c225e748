import { pino } from "pino";
import { expect, test } from "vitest";
import { createLifecycle } from "../../src/runtime/lifecycle.ts";

test("stops what was started in reverse order, each after the other, once", async () => {
  const done: string[] = [];
  const lifecycle = createLifecycle(pino({ level: "silent" }));
  for (const name of ["first", "second", "third"]) {
    lifecycle.onStop(name, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      done.push(name);
    });
  }
  await Promise.all([lifecycle.stop(), lifecycle.stop()]);
  expect(done).toEqual(["third", "second", "first"]);
});

test("a step that fails is named and holds up no other", async () => {
  const lines: string[] = [];
  const done: string[] = [];
  const lifecycle = createLifecycle(pino({}, { write: (line) => void lines.push(line) }));
  lifecycle.onStop("database", () => done.push("database"));
  lifecycle.onStop("server", () => {
    throw new Error("stuck");
  });
  await lifecycle.stop();
  expect(done).toEqual(["database"]);
  expect(JSON.parse(lines[0] as string)).toMatchObject({ step: "server", err: { message: "stuck" } });
});
