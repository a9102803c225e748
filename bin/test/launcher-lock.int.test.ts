import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { takeDataDir } from "../launcher/launcher-lock.ts";

const LOCK = join(import.meta.dirname, "../launcher/launcher-lock.ts");
let dataDir: string;
const children: ChildProcess[] = [];
const said: string[] = [];
const say = (line: string) => void said.push(line);

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "meeshy-lock-"));
});
afterEach(async () => {
  for (const child of children.splice(0)) await end(child, "SIGKILL");
  rmSync(dataDir, { recursive: true });
  said.length = 0;
});

/** Another launcher, which has taken the data directory. */
async function holder(startedBy: number[]): Promise<ChildProcess> {
  const script = `import { takeDataDir } from ${JSON.stringify(LOCK)};
    await takeDataDir(${JSON.stringify(dataDir)}, ${JSON.stringify(startedBy)}, () => {});
    console.log("taken"); setInterval(() => {}, 1000);`;
  return started(["--input-type=module", "-e", script]);
}

async function started(args: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  return child;
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await ended;
}

test("a data directory is taken once, and free again when given back", async () => {
  const giveBack = await takeDataDir(dataDir, [], say);
  await expect(takeDataDir(dataDir, [], say)).rejects.toThrow(
    `in use by the launcher with process id ${process.pid}`,
  );
  giveBack();
  (await takeDataDir(dataDir, [], say))();
});

test("a launcher that lives keeps others out; one that was killed does not", async () => {
  const other = await holder([process.pid]);
  await expect(takeDataDir(dataDir, [], say)).rejects.toThrow(`process id ${other.pid}`);
  await end(other, "SIGKILL");
  (await takeDataDir(dataDir, [], say))();
  expect(said).toEqual([]);
});

test("a launcher whose npm was killed is ended", async () => {
  const npm = await started(["-e", "console.log('runs'); setInterval(() => {}, 1000)"]);
  const other = await holder([npm.pid ?? 0]);
  await end(npm, "SIGKILL");
  const ended = new Promise((resolve) => other.once("exit", (_, signal) => resolve(signal)));
  (await takeDataDir(dataDir, [], say))();
  expect(await ended).toBe("SIGTERM");
  expect(said).toEqual([`ending the launcher with process id ${other.pid}, whose npm was killed`]);
});
