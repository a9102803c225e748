import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import {
  endProcess,
  ServerFailed,
  type ServerProcess,
  type ServerSpec,
  startProcess,
  untilReady,
} from "../src/servers/server-process.ts";
import { eventually } from "./eventually.ts";
import { guard } from "./guard.ts";

/** A real server in a test. */
export type TestServer = {
  readonly pid: number;
  /** Ends the server and removes its data. */
  stop(): Promise<void>;
  /** Sends a signal, SIGKILL by default; waits until the server has ended, or stands still after SIGSTOP. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts the server again on the same port and data, after ending it in good order if it still runs. */
  restart(): Promise<void>;
};

/** The server lives on: it pauses, continues, or reads its configuration again. */
const SURVIVED: NodeJS.Signals[] = ["SIGSTOP", "SIGCONT", "SIGHUP"];

/** Runs a server until `stop`; `directory` is removed then, or when the test process dies. */
export async function runServer(spec: ServerSpec, directory: string): Promise<TestServer> {
  let server = await start(spec);
  let callOff = guard(server.pid, spec.stopSignal, directory);

  async function end(signal: NodeJS.Signals): Promise<void> {
    server.child.kill("SIGCONT");
    await endProcess(server, signal);
  }

  return {
    get pid() {
      return server.pid;
    },
    async stop() {
      await end(spec.stopSignal);
      await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
      callOff();
    },
    async kill(signal = "SIGKILL") {
      server.child.kill(signal);
      if (!SURVIVED.includes(signal)) await server.exited;
      if (signal === "SIGSTOP") await eventually(() => standsStill(server.pid), { what: "a stopped server" });
    },
    async restart() {
      await end(spec.stopSignal);
      server = await start(spec);
      const formerGuard = callOff;
      callOff = guard(server.pid, spec.stopSignal, directory);
      formerGuard();
    },
  };
}

/** Threads that are at work when the process is stopped go on until each of them has noticed. */
function standsStill(pid: number): boolean {
  if (process.platform !== "linux")
    return execFileSync("ps", ["-o", "state=", "-p", String(pid)], { encoding: "utf8" }).startsWith("T");
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.every((id) => /\) T /.test(readFileSync(`/proc/${pid}/task/${id}/stat`, "latin1")));
}

/** Time that a killed predecessor's sub-processes may take to leave. */
const PASSING_MS = 10_000;

async function start(spec: ServerSpec): Promise<ServerProcess> {
  for (const since = performance.now(); ; ) {
    const server = startProcess(spec);
    try {
      await untilReady(server, spec);
      return server;
    } catch (error) {
      await endProcess(server, "SIGKILL");
      const passes = error instanceof ServerFailed && spec.passingFailure?.test(error.output);
      if (!passes || performance.now() - since > PASSING_MS) throw error;
      await pause(100);
    }
  }
}
