import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { identify, lives } from "../../src/servers/process-identity.ts";
import { createProcessRecords } from "../../src/servers/process-records.ts";

let directory: string;
let file: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "meeshy-records-"));
  file = join(directory, "processes.json");
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(directory, { recursive: true });
});

/** The names of what was ended. */
async function endLeftovers(): Promise<string[]> {
  const ended: string[] = [];
  await createProcessRecords(file).endLeftovers((names) => ended.push(...names));
  return ended;
}

async function sleeper(script = ""): Promise<number> {
  const program = `${script}; console.log("runs"); setInterval(() => {}, 1000)`;
  const child = spawn(process.execPath, ["-e", program], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  return child.pid ?? 0;
}

test("what a former launcher recorded and still runs is ended, by name", async () => {
  const pids = [await sleeper(), await sleeper()];
  const former = createProcessRecords(file);
  former.add(pids[0] ?? 0, { name: "postgres-1", stopSignal: "SIGINT", layer: 0 });
  former.add(pids[1] ?? 0, { name: "gateway-1", stopSignal: "SIGTERM", layer: 2 });
  expect(await endLeftovers()).toEqual(["postgres-1", "gateway-1"]);
  expect(pids.map(identify)).toEqual([undefined, undefined]);
  expect(await endLeftovers()).toEqual([]);
});

test("what uses others is ended before them", async () => {
  const log = join(directory, "log");
  const onEnd = (name: string, delay: number) =>
    `process.on("SIGTERM", () => setTimeout(() => { require("node:fs").appendFileSync(${JSON.stringify(log)}, "${name} "); process.exit(); }, ${delay}))`;
  const records = createProcessRecords(file);
  for (const [layer, name] of ["server", "worker", "gateway"].entries()) {
    records.add(await sleeper(onEnd(name, layer * 50)), { name, stopSignal: "SIGTERM", layer });
  }
  await endLeftovers();
  expect(readFileSync(log, "utf8")).toBe("gateway worker server ");
});

test("a process that has come by a recorded number since is let be", async () => {
  const pid = await sleeper();
  createProcessRecords(file).add(pid, { name: "gateway-1", stopSignal: "SIGTERM", layer: 2 });
  const [entry] = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify([{ ...entry, born: "some other time" }]));
  expect(await endLeftovers()).toEqual([]);
  expect(identify(pid)).toBeDefined();
});

test("records that cannot be read end no process", async () => {
  writeFileSync(file, '[{"pid":');
  expect(await endLeftovers()).toEqual([]);
});

test("a process that has ended does not live, though its parent has yet to take note", async () => {
  const pid = await sleeper("process.on('SIGUSR2', () => process.exit(0))");
  const identity = identify(pid);
  expect(identity && lives(identity)).toBe(true);
  process.kill(pid, "SIGKILL");
  const since = performance.now();
  // Without giving the event loop a turn, so that the child stays a zombie.
  while (identity && lives(identity) && performance.now() - since < 5_000);
  expect(identity && lives(identity)).toBe(false);
});
