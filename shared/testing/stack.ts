import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { demoToken, type TokenSubject } from "../src/servers/demo-token.ts";
import { freePort, isPortFree } from "../src/servers/free-port.ts";
import { createProcessRecords } from "../src/servers/process-records.ts";
import type { Stack } from "../src/servers/stack.ts";
import { guard } from "./guard.ts";

const START = join(import.meta.dirname, "../../bin/start.ts");

/** What tests count is of the people that they bring. */
const WITHOUT_CANARIES = { CANARY_INTERVAL_S: "0" };

export type RunningStack = {
  /** Process id of the launcher. */
  readonly pid: number;
  readonly dataDir: string;
  /** With these variables a command finds this stack as the one that runs. */
  env: Record<string, string>;
  /** Addresses of the gateways, as the launcher gave them. */
  readonly urls: readonly string[];
  /** The present content of stack.json. */
  read(): Stack;
  /** A JWT for a demo user, or for any subject. */
  token(user: string | TokenSubject): string;
  /** What the launcher has printed so far. */
  output(): string;
  /** What a process has logged: `gateway-1`, `presence-worker-1`, `sweeper-1`, `nats-server-1`, `postgres-1`. */
  log(name: string): string;
  /** Stops the stack in good order and removes its data, unless `keepData` is set; gives the launcher's exit code. */
  stop(options?: { keepData?: boolean }): Promise<number | null>;
  /** Kills the launcher alone. Its processes and data stay, for `startStack({ dataDir })` or `stop`. */
  kill9(): Promise<void>;
};

export type StackOptions = {
  /** Options of the launcher besides --port and --data-dir. */
  args?: string[];
  /** Variables on top of this process's. */
  env?: Record<string, string>;
  /** A data directory that already exists; a fresh one by default. */
  dataDir?: string;
  /** How long `ready` may take, in milliseconds. */
  within?: number;
};

/** Starts the real stack on free ports in a data directory of its own; resolves when it has printed `ready`. */
export async function startStack(options: StackOptions = {}): Promise<RunningStack> {
  const args = options.args ?? [];
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), "meeshy-stack-")));
  const port = await freePorts(Number(args[args.indexOf("--gateways") + 1]) || 1);
  /** Commands that look for a running stack find this one alone, whatever else runs from this checkout. */
  const env = { MEESHY_STACKS: join(dataDir, "stacks") };
  const launcher = launch(["--port", String(port), "--data-dir", dataDir, ...args], {
    ...WITHOUT_CANARIES,
    ...env,
    ...options.env,
  });
  const callOff = guard(launcher.child.pid ?? -1, "SIGTERM", dataDir);

  let stopped: Promise<number | null> | undefined;
  function stop({ keepData = false } = {}): Promise<number | null> {
    stopped ??= end(keepData);
    return stopped;
  }

  async function end(keepData: boolean): Promise<number | null> {
    launcher.child.kill("SIGTERM");
    const code = await launcher.exited;
    await createProcessRecords(join(dataDir, "processes.json")).endLeftovers();
    if (!keepData) await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
    callOff();
    return code;
  }

  const read = (): Stack => JSON.parse(readFileSync(join(dataDir, "stack.json"), "utf8"));
  await launcher.ready(options.within ?? 120_000).catch(async (error) => {
    await stop();
    throw error;
  });
  return {
    pid: launcher.child.pid ?? -1,
    dataDir,
    env,
    urls: read().gateways.map(({ url }) => url),
    read,
    token: (user) => demoToken(subject(user), secret(dataDir, options.env), new Date()),
    output: launcher.output,
    log: (name) => readFileSync(join(dataDir, "logs", `${name}.log`), "utf8"),
    stop,
    async kill9() {
      launcher.child.kill("SIGKILL");
      await launcher.exited;
      callOff();
    },
  };
}

/** The first of `count` consecutive free ports. */
async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = await freePort();
    const rest = Array.from({ length: count - 1 }, (_, index) => isPortFree(first + 1 + index));
    if ((await Promise.all(rest)).every(Boolean)) return first;
  }
}

function launch(args: string[], env: Record<string, string>) {
  const child = spawn(process.execPath, [START, ...args], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  let output = "";
  let isReady = () => {};
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (/^ready$/m.test(output)) isReady();
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  return {
    child: child as ChildProcess,
    exited,
    output: () => output,
    async ready(within: number): Promise<void> {
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<string>((resolve) => {
        timer = setTimeout(() => resolve(`did not get ready within ${within} ms`), within);
      });
      const failed = await Promise.race([ready, late, exited.then((code) => `ended with ${code}`)]);
      clearTimeout(timer);
      if (failed) throw new Error(`the launcher ${failed}:\n${output}`);
    },
  };
}

function subject(user: string | TokenSubject): TokenSubject {
  return typeof user === "string"
    ? { id: user, username: user, role: user === "admin" ? "ADMIN" : "USER" }
    : user;
}

function secret(dataDir: string, env: Record<string, string> = {}): string {
  return env.JWT_SECRET || JSON.parse(readFileSync(join(dataDir, "secrets.json"), "utf8")).jwtSecret;
}
