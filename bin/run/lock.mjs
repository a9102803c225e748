import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const BEAT_MS = 2_000;
const SILENCE_MS = 15_000;
const RETRY_MS = 200;

/**
 * Runs `work` while no other process runs work under the same lock. The lock is a directory whose time its
 * holder renews: when the holder has ended or gone silent, the next one takes it.
 */
export async function withLock(path, work, onWait = () => {}) {
  mkdirSync(dirname(path), { recursive: true });
  for (let waits = 0; !(await take(path)); waits++) {
    if (waits === 0) onWait();
    await pause(RETRY_MS);
  }
  const beat = setInterval(() => renew(path), BEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if (holder(path) === process.pid) rmSync(path, { recursive: true, force: true });
  }
}

async function take(path) {
  const replaces = isAbandoned(path);
  if (replaces) rmSync(path, { recursive: true, force: true });
  try {
    mkdirSync(path);
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
  writeFileSync(join(path, "pid"), String(process.pid));
  // Another one may have found the same abandoned lock and removed this new one in its place.
  if (replaces) await pause(RETRY_MS);
  return holder(path) === process.pid;
}

function renew(path) {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // The process that removed it holds the lock now; the work under way cannot be undone.
  }
}

function holder(path) {
  try {
    return Number(readFileSync(join(path, "pid"), "utf8"));
  } catch {
    return undefined;
  }
}

function isAbandoned(path) {
  const renewed = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  if (renewed === undefined) return false;
  if (Date.now() - renewed > SILENCE_MS) return true;
  const pid = holder(path);
  if (!pid) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === "ESRCH";
  }
}
