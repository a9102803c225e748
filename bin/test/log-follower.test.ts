import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterEach, beforeEach, expect, test } from "vitest";
import { followLog, type LogBound, setAsideWhole } from "../launcher/log-follower.ts";

const ROOMY: LogBound = { bytes: 100_000_000, aside: 2 };
const TIGHT: LogBound = { bytes: 1_000, aside: 2 };

let directory: string;
let file: string;
let shown: string[];
let faults: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "meeshy-log-"));
  file = join(directory, "service.log");
  shown = [];
  faults = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

const follow = (bound = ROOMY) =>
  followLog(file, { show: (line) => shown.push(line), fault: (what) => faults.push(what) }, bound);
const textOf = (suffix: string) => readFileSync(file + suffix, "utf8");
const filler = (letter: string) => `${letter.repeat(TIGHT.bytes)}\n`;
/** Adds a line over the bound, and waits until it was set aside. */
async function fill(letter: string): Promise<void> {
  appendFileSync(file, filler(letter));
  await eventually(() => textOf("") === "");
}

test("lines are shown once they are complete, from where the file ended before", async () => {
  writeFileSync(file, "of a former start\n");
  const end = await follow();
  appendFileSync(file, "first\nsec");
  await eventually(() => shown.length === 1);
  appendFileSync(file, "ond é\n");
  await end();
  expect(shown).toEqual(["first", "second é"]);
});

test("a flood is counted in place of shown", async () => {
  const end = await follow();
  appendFileSync(file, "line\n".repeat(100_000));
  await end();
  expect(shown.at(-1)).toMatch(/^\(\d+ more lines in .*service\.log\)$/);
  expect(shown.length).toBeLessThan(200);
});

test("a file over its bound is set aside whole, under its writer, and each line is shown once", async () => {
  const end = await follow(TIGHT);
  appendFileSync(file, `first\n${filler("a")}half of a `);
  await eventually(() => textOf("") === "");
  appendFileSync(file, "line\nlast\n");
  await end();
  expect(textOf(".1")).toBe(`first\n${filler("a")}half of a `);
  expect(textOf("")).toBe("line\nlast\n");
  expect(shown).toEqual(["first", filler("a").trim(), "half of a line", "last"]);
  expect(faults).toEqual([]);
});

test("so many set-aside files are kept, the newest first", async () => {
  const end = await follow(TIGHT);
  for (const letter of ["a", "b", "c"]) await fill(letter);
  await end();
  expect([textOf(".1"), textOf(".2")]).toEqual([filler("c"), filler("b")]);
  expect(existsSync(`${file}.3`)).toBe(false);
  expect(shown).toEqual(["a", "b", "c"].map((letter) => filler(letter).trim()));
});

test("a file that cannot be kept is emptied all the same, and that is said", async () => {
  // It prevents the copy, as a full disk would.
  mkdirSync(`${file}.1`);
  const end = await follow({ ...TIGHT, aside: 1 });
  await fill("a");
  await end();
  expect(shown).toEqual([filler("a").trim()]);
  expect(faults).toEqual([expect.stringContaining("was emptied, and could not be kept")]);
});

test("a file that grew far beyond its bound while no one looked is kept by its end", async () => {
  const end = await follow(TIGHT);
  appendFileSync(file, `${filler("a").repeat(5)}last\n`);
  await end();
  expect(textOf(".1").length).toBeLessThan(3 * TIGHT.bytes);
  expect(textOf(".1")).toMatch(/a\nlast\n$/);
  expect(shown.at(-1)).toBe("last");
});

test("a file that someone else has emptied is read anew", async () => {
  writeFileSync(file, "before\n");
  const end = await follow();
  truncateSync(file);
  appendFileSync(file, "anew\n");
  await end();
  expect(shown).toEqual(["anew"]);
});

test("before a start a large file is set aside by its name", () => {
  writeFileSync(file, "large");
  writeFileSync(`${file}.1`, "older");
  setAsideWhole(file, TIGHT);
  expect([existsSync(file), textOf(".1"), textOf(".2")]).toEqual([false, "large", "older"]);
});
