import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { NatsLink } from "@meeshy/shared/nats/connect";
import { freePort } from "@meeshy/shared/servers/free-port";
import { endProcess, startProcess, untilReady } from "@meeshy/shared/servers/server-process";
import { isCheckpointed, type LogEnds } from "../measure/checkpoints.ts";

/** A presence worker in a process of its own. */
export interface WorkerProcess {
  pid: number;
  /** ms from the start of the process until it was ready: partitions taken, log read */
  startMs: number;
  /** Sum over the labels of one of its metrics. */
  metric(name: string): Promise<number>;
  /** Resolves once the log is read up to `ends`, every change is in the database and every checkpoint written. */
  settled(link: NatsLink, ends: LogEnds, withinMs: number): Promise<void>;
  /** Resolves once it holds no user's record. */
  emptied(withinMs: number): Promise<void>;
  stop(): Promise<void>;
}

export interface WorkerProcessOptions {
  nodeArgs?: string[];
  env?: Record<string, string>;
  readyWithinMs?: number;
}

const PROGRAM = join(import.meta.dirname, "../../presence-worker/src/main.ts");
const LOOK_MS = 300;

export async function startWorker(
  servers: { natsUrl: string; databaseUrl: string },
  { nodeArgs = [], env = {}, readyWithinMs = 120_000 }: WorkerProcessOptions = {},
): Promise<WorkerProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const isReady = () =>
    fetch(`${url}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  const spec = {
    name: "presence-worker",
    command: process.execPath,
    args: [...nodeArgs, PROGRAM],
    env: {
      ...process.env,
      NATS_URL: servers.natsUrl,
      DATABASE_URL: servers.databaseUrl,
      OPS_PORT: String(port),
      LOG_LEVEL: "error",
      ...env,
    },
    stopSignal: "SIGTERM" as const,
    isReady,
  };
  const since = performance.now();
  const server = startProcess(spec);
  await untilReady(server, spec, readyWithinMs);
  const startMs = performance.now() - since;
  const metric = async (name: string) => {
    const text = await (await fetch(`${url}/metrics`)).text();
    const lines = text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"));
    return [...lines].reduce((total, [, value]) => total + Number(value), 0);
  };
  const until = async (isSo: () => Promise<boolean>, withinMs: number) => {
    const deadline = performance.now() + withinMs;
    // A worker that is too busy to answer in time is behind.
    while (!(await isSo().catch(() => false))) {
      if (performance.now() > deadline)
        throw new Error(`the worker is still behind after ${withinMs} ms: ${server.output()}`);
      await pause(LOOK_MS);
    }
  };
  return {
    pid: server.pid,
    startMs,
    metric,
    settled: (link, ends, withinMs) =>
      until(
        async () => (await metric("meeshy_db_lag_events")) === 0 && (await isCheckpointed(link, ends)),
        withinMs,
      ),
    emptied: (withinMs) => until(async () => (await metric("meeshy_users_held")) === 0, withinMs),
    stop: () => endProcess(server, "SIGTERM", 30_000),
  };
}
