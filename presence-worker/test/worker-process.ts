import { spawn } from "node:child_process";
import { join } from "node:path";
import { guard } from "@meeshy/shared/testing/guard";

/** A worker in a process of its own, as production runs it. */
export interface WorkerProcess {
  pid: number;
  /** Ends it and waits for the end; gives the exit code, null after a signal. */
  kill(signal?: NodeJS.Signals): Promise<number | null>;
  output(): string;
}

const MAIN = join(import.meta.dirname, "../src/main.ts");
const KEPT_OUTPUT = 20_000;

export function startWorkerProcess(env: Record<string, string>): WorkerProcess {
  const child = spawn(process.execPath, [MAIN], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, LOG_LEVEL: "warn", ...env },
  });
  const pid = child.pid ?? -1;
  const callOff = guard(pid, "SIGKILL");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-KEPT_OUTPUT);
    });
  }
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  void exited.then(callOff);
  return {
    pid,
    output: () => output,
    kill(signal = "SIGKILL") {
      child.kill(signal);
      return exited;
    },
  };
}
