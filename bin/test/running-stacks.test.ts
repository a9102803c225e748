import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identify } from "@meeshy/shared/servers/process-identity";
import { expect, onTestFinished, test } from "vitest";
import { banner } from "../launcher/banner.ts";
import { ROOT } from "../launcher/root.ts";
import { findDataDir, noteRunning, runningDataDirs, tokenCommand } from "../launcher/running-stacks.ts";

const DEFAULT = join(ROOT, ".data");

function emptyPlace(): string {
  const place = mkdtempSync(join(tmpdir(), "meeshy-stacks-"));
  onTestFinished(() => rmSync(place, { recursive: true }));
  return place;
}

/** The note of a second launcher that lives. */
const noteAnother = (place: string, dataDir: string) =>
  writeFileSync(join(place, "1.json"), JSON.stringify({ ...identify(process.pid), dataDir }));

test("without a running stack, commands are about the default data directory", () => {
  expect(findDataDir(undefined, join(emptyPlace(), "missing"))).toBe(DEFAULT);
});

test("the only running stack is found, wherever its data is, until it stops", () => {
  const place = emptyPlace();
  const forget = noteRunning("/elsewhere/data", place);
  expect(findDataDir(undefined, place)).toBe("/elsewhere/data");
  forget();
  expect(findDataDir(undefined, place)).toBe(DEFAULT);
});

test("of several running stacks the one in the default directory is meant, else all are named", () => {
  const place = emptyPlace();
  noteAnother(place, "/b");
  noteRunning("/a", place);
  expect(() => findDataDir(undefined, place)).toThrow(
    "2 stacks are running; add the option of the one that is meant:\n  --data-dir /a\n  --data-dir /b",
  );
  noteRunning(DEFAULT, place);
  expect(findDataDir(undefined, place)).toBe(DEFAULT);
});

test("a given directory counts, relative to the checkout", () => {
  const place = emptyPlace();
  noteRunning("/elsewhere", place);
  expect(findDataDir("mine", place)).toBe(join(ROOT, "mine"));
});

test("what a killed launcher, or something else, has left behind is no running stack", () => {
  const place = emptyPlace();
  writeFileSync(join(place, "1.json"), JSON.stringify({ pid: process.pid, born: "long ago", dataDir: "/x" }));
  writeFileSync(join(place, "2.json"), "{");
  expect(runningDataDirs(place)).toEqual([]);
});

test("the banner prints the command for its own data directory, fit for a shell", () => {
  const gateway = { url: "http://127.0.0.1:8000", opsUrl: "http://127.0.0.1:9464", pid: 1, processes: [] };
  const stack = {
    ...{ gateways: [gateway], workers: [], sweepers: [] },
    ...{
      nats: { url: "nats://x", pid: null, credentials: {} },
      database: { url: "postgresql://x", pid: null },
    },
  };
  const printed = (dataDir: string) =>
    banner({ stack, dataDir, web: false, jwtSecret: "s", now: new Date(0) });
  expect(printed(DEFAULT)).toMatch(/npm run -s token -- carol$/m);
  expect(printed("/elsewhere/data")).toMatch(/npm run -s token -- carol --data-dir \/elsewhere\/data$/m);
  expect(tokenCommand("alice", "/my data/it's")).toBe(
    `npm run -s token -- alice --data-dir '/my data/it'\\''s'`,
  );
});
