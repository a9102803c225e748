import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterEach, beforeEach, expect, test } from "vitest";
import { followLog } from "../launcher/log-follower.ts";

let directory: string;
let file: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "meeshy-log-"));
  file = join(directory, "service.log");
});
afterEach(() => rmSync(directory, { recursive: true }));

test("lines are shown once they are complete, from where the file ended before", async () => {
  writeFileSync(file, "of a former start\n");
  const shown: string[] = [];
  const end = await followLog(file, (line) => shown.push(line));
  appendFileSync(file, "first\nsec");
  await eventually(() => shown.length === 1);
  appendFileSync(file, "ond é\n");
  await end();
  expect(shown).toEqual(["first", "second é"]);
});

test("a flood is counted in place of shown", async () => {
  const shown: string[] = [];
  const end = await followLog(file, (line) => shown.push(line));
  appendFileSync(file, "line\n".repeat(100_000));
  await end();
  expect(shown.at(-1)).toMatch(/^\(\d+ more lines in .*service\.log\)$/);
  expect(shown.length).toBeLessThan(200);
});
