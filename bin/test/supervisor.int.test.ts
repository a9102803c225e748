import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identify } from "@meeshy/shared/servers/process-identity";
import type { ServerSpec } from "@meeshy/shared/servers/server-process";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Supervised, supervise } from "../launcher/supervisor.ts";

let directory: string;
let running: Supervised | undefined;
let started: number[];
let replaced: number;
let said: string[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "meeshy-supervisor-"));
  [started, replaced, said] = [[], 0, []];
});
afterEach(async () => {
  await running?.stop(1_000);
  running = undefined;
  rmSync(directory, { recursive: true });
});

function run(script: string, spec: Partial<ServerSpec> = {}): Supervised {
  const program = {
    name: "program",
    command: process.execPath,
    args: ["-e", script],
    stopSignal: "SIGTERM" as const,
    isReady: async () => readLog().includes("ready"),
  };
  running = supervise(
    { ...program, ...spec },
    {
      logFile: join(directory, "log"),
      onStarted: (pid) => started.push(pid),
      onReplaced: () => {
        replaced++;
      },
      say: (line) => said.push(line),
    },
  );
  return running;
}

function readLog(): string {
  return readFileSync(join(directory, "log"), "utf8");
}

test("a program that runs but does no work any more is killed and started again; a passing weakness is none", async () => {
  const answers = [true, false, false, true, false, false, false, false, true];
  const program = run(SERVE, { isAlive: async () => answers.shift() ?? true });
  await program.ready;
  const before = program.pid;
  await eventually(() => replaced === 1);
  expect(program.pid).not.toBe(before);
  expect(said.join("\n")).toContain(
    `program: runs, but does not do its work any more; killed (process id ${before})`,
  );
  expect(started).toHaveLength(2);
});

const SERVE = "console.log('ready'); setInterval(() => {}, 1000);";

test("a program that ends is started again, as often as it takes, and its output says so each time", async () => {
  const program = run(SERVE);
  await program.ready;
  for (const times of [1, 2]) {
    const before = program.pid;
    process.kill(before, "SIGKILL");
    await eventually(() => replaced === times);
    expect(program.pid).not.toBe(before);
  }
  expect(started).toHaveLength(3);
  expect(said.join("\n")).toMatch(/program: ended by SIGKILL; starts again in 100 ms/);
});

test("a first start that fails tells what the program printed, and is not repeated", async () => {
  const program = run("console.error('no such setting'); process.exit(3)");
  await expect(program.ready).rejects.toThrow(/program did not start \(exit code 3\):\nno such setting/);
  expect(started).toHaveLength(1);
});

test("a failure that passes on its own is tried again", async () => {
  const script = `const fs = require("node:fs"), file = ${JSON.stringify(join(directory, "tried"))};
    if (fs.existsSync(file)) { ${SERVE} } else { fs.writeFileSync(file, ""); console.log("still in use"); process.exit(1); }`;
  await run(script, { passingFailure: /still in use/ }).ready;
  expect(started).toHaveLength(2);
});

test("a program that cannot be run at all says so", async () => {
  await expect(run("", { command: join(directory, "none") }).ready).rejects.toThrow(/ENOENT/);
});

test("stop kills a program that ignores its signal, and its sub-processes, and nothing starts again", async () => {
  const script = `process.on("SIGTERM", () => console.log("ignored"));
    const { spawn } = require("node:child_process");
    console.log("child", spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]).pid); ${SERVE}`;
  const program = run(script);
  await program.ready;
  const child = await eventually(() => Number(/child (\d+)/.exec(readLog())?.[1]));
  await program.stop(200);
  expect(readLog()).toContain("ignored");
  await eventually(() => identify(program.pid) === undefined && identify(child) === undefined);
  expect(started).toHaveLength(1);
});

test("stop during the pause before a restart starts nothing more", async () => {
  const program = run(SERVE);
  await program.ready;
  process.kill(program.pid, "SIGKILL");
  await eventually(() => said.length === 1);
  await program.stop(1_000);
  expect(started).toHaveLength(1);
});
