import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { withLock } from "../run/lock.mjs";

let directory: string;
let lock: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "meeshy-lock-"));
  lock = join(directory, "some/work.lock");
});
afterEach(() => rmSync(directory, { recursive: true }));

test("work under one lock is done one after the other, and the lock is given back", async () => {
  const order: string[] = [];
  const work = (name: string) => async () => {
    order.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    order.push(`${name} ends`);
  };
  await Promise.all([withLock(lock, work("one")), withLock(lock, work("two"))]);
  expect(order[1]).toBe(order[0]?.replace("begins", "ends"));
  expect(order).toHaveLength(4);
  expect(existsSync(lock)).toBe(false);
});

test("the lock is given back when the work fails, and the failure is passed on", async () => {
  await expect(withLock(lock, () => Promise.reject(new Error("broken")))).rejects.toThrow("broken");
  expect(existsSync(lock)).toBe(false);
});

test("a lock whose holder has ended is taken over", async () => {
  const { pid } = spawnSync(process.execPath, ["--version"]);
  mkdirSync(lock, { recursive: true });
  writeFileSync(join(lock, "pid"), String(pid));
  expect(await withLock(lock, async () => "done")).toBe("done");
});

test("a lock that has not been renewed for long is taken over, though its process lives", async () => {
  mkdirSync(lock, { recursive: true });
  writeFileSync(join(lock, "pid"), String(process.ppid));
  const longAgo = new Date(Date.now() - 60_000);
  utimesSync(lock, longAgo, longAgo);
  expect(await withLock(lock, async () => "done")).toBe("done");
});
