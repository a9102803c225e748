import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@meeshy/shared/servers/free-port";
import { identify, lives, type ProcessIdentity } from "@meeshy/shared/servers/process-identity";
import { killGroup } from "@meeshy/shared/servers/server-process";
import { eventually } from "@meeshy/shared/testing/eventually";
import { guard } from "@meeshy/shared/testing/guard";
import { SECRET, type Servers } from "../harness.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");
/** Of the environment of the tests; what is compiled is kept for the next process. */
const PASSED_ON = { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE };

interface LogLine {
  msg: string;
  process?: number;
  connectionId?: string;
  [field: string]: unknown;
}

/** `gateway/src/main.ts` as a process, with its own processes on one port. */
export interface RunningPort {
  url: string;
  /** where health and metrics are */
  opsUrl: string;
  primary: ProcessIdentity;
  /** process ids of the processes, by their places, as the primary last reported them */
  processes(): number[];
  lines(): LogLine[];
  output(): string;
  /** The number of the process that holds a connection. */
  holderOf(connectionId: string): Promise<number>;
  metric(name: string): Promise<number>;
  ready(): Promise<{ status: number; reasons: string[] }>;
  /** @throws {Error} no answer within 5 s, as of a process that stands still */
  probe(path: string): Promise<Response>;
  signal(signal: NodeJS.Signals): void;
  /** The exit code; null: it was killed. */
  exited: Promise<number | null>;
  stop(): Promise<number | null>;
}

/** The environment of a gateway on the servers of a test. */
export function portEnv(servers: Servers, env: Record<string, string> = {}): Record<string, string> {
  const { url, user = "", password = "" } = servers.nats.as("gateway");
  return {
    ...{ NATS_URL: url, NATS_USER: user, NATS_PASSWORD: password, DATABASE_URL: servers.database.url },
    ...{ OPS_PORT: "same", JWT_SECRET: SECRET, DISCONNECT_GRACE_MS: "2000", ...env },
  };
}

/** Starts it, and waits until it is ready unless `waits` is false. */
export async function startPort(
  env: Record<string, string>,
  { waits = true }: { waits?: boolean } = {},
): Promise<RunningPort> {
  const port = Number(env.PORT) || (await freePort());
  const url = `http://127.0.0.1:${port}`;
  const opsUrl = Number(env.OPS_PORT) ? `http://127.0.0.1:${env.OPS_PORT}` : url;
  const directory = await mkdtemp(join(tmpdir(), "meeshy-port-"));
  const file = join(directory, "log");
  const log = openSync(file, "a");
  const child: ChildProcess = spawn(process.execPath, [MAIN], {
    detached: true,
    stdio: ["ignore", log, log, "ipc"],
    env: { ...PASSED_ON, TMPDIR: tmpdir(), PORT: String(port), ...env },
  });
  closeSync(log);
  const callOff = guard(child.pid ?? -1, "SIGTERM", directory);
  let processes: number[] = [];
  child.on("message", (message: { processes: number[] }) => {
    processes = message.processes;
  });
  const exited = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const output = () => readFileSync(file, "utf8");
  const lines = (): LogLine[] =>
    output()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
  // A connection of its own each time: one that is kept stays with its process.
  const probe = (path: string) =>
    fetch(opsUrl + path, { signal: AbortSignal.timeout(20_000), headers: { connection: "close" } });
  const ready = async () => {
    const response = await probe("/health/ready");
    const { reasons = [] } = (await response.json()) as { reasons?: string[] };
    return { status: response.status, reasons };
  };
  const running: RunningPort = {
    ...{ url, opsUrl, exited, output, lines, ready, probe },
    primary: identify(child.pid ?? -1) ?? { pid: -1, born: "" },
    processes: () => processes,
    holderOf: (id) =>
      eventually(() => lines().find((line) => line.msg === "connected" && line.connectionId === id)?.process),
    async metric(name) {
      const text = await (await probe("/metrics")).text();
      const values = [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"))];
      return values.reduce((sum, [, value]) => sum + Number(value), 0);
    },
    signal: (signal) => void child.kill(signal),
    async stop() {
      for (const pid of processes) if (identify(pid)) process.kill(pid, "SIGCONT");
      child.kill("SIGTERM");
      const code = await exited;
      killGroup(child.pid ?? -1);
      callOff();
      await rm(directory, { recursive: true, force: true });
      return code;
    },
  };
  if (waits) {
    const started = eventually(async () => (await ready()).status === 200, {
      within: 90_000,
      every: 100,
      what: url,
    });
    const outcome = await Promise.race([
      started.then(
        () => "ready",
        (error) => String(error),
      ),
      exited.then((code) => `ended with ${code}`),
    ]);
    if (outcome !== "ready") {
      const said = output();
      await running.stop();
      throw new Error(`${outcome}:\n${said}`);
    }
  }
  return running;
}

export const identityOf = (pid: number): ProcessIdentity => identify(pid) ?? { pid, born: "" };
export { lives };
