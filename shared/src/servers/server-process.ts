import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fstatSync, openSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import type { OsUser } from "./unprivileged-user.ts";

/** How to run a process that serves; made by `natsServer`, `postgresServer` and the launcher. */
export type ServerSpec = {
  name: string;
  command: string;
  args: string[];
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  user?: OsUser | undefined;
  /** The signal of an orderly and prompt stop. */
  stopSignal: NodeJS.Signals;
  /** Resolves to true once the process serves. Never throws. */
  isReady(): Promise<boolean>;
  /** Whether a process that serves does its work; one that does not for long has to be replaced. Never throws. */
  isAlive?: () => Promise<boolean>;
  /** Takes what the process reports by Node's channel between processes; without it there is no channel. */
  onReport?: (report: unknown) => void;
  /** Output of a failed start that passes on its own: starting again is all it takes. */
  passingFailure?: RegExp;
};

/**
 * A running process. `exited` resolves with a word on how it ended, once it has. `pid` is -1 if the program could
 * not be run at all, in which case `exited` gives the reason.
 */
export type ServerProcess = { pid: number; child: ChildProcess; exited: Promise<string>; output(): string };

const KEPT_OUTPUT = 2_048;

/**
 * Starts the process in a group of its own, so that a Ctrl-C in the terminal reaches only its parent.
 * Its output is appended to `logFile`, by itself, so that neither outlives or holds up the other; without one
 * it is kept in memory. `output()` gives the last 2 kB. Ours, since of what a launcher needs of its processes `execa` does
 * only this call: not the log that outlives it, nor finding again what a killed one left.
 */
export function startProcess(spec: ServerSpec, logFile?: string): ServerProcess {
  const log = logFile === undefined ? undefined : openSync(logFile, "a", 0o600);
  const logged = log === undefined ? 0 : fstatSync(log).size;
  const child = spawn(spec.command, spec.args, {
    detached: true,
    stdio: [
      "ignore",
      ...(log === undefined ? (["pipe", "pipe"] as const) : [log, log]),
      ...(spec.onReport ? (["ipc"] as const) : []),
    ],
    ...(spec.env ? { env: spec.env } : {}),
    ...(spec.cwd ? { cwd: spec.cwd } : {}),
    ...(spec.user ? { uid: spec.user.uid, gid: spec.user.gid } : {}),
  });
  if (log !== undefined) closeSync(log);
  if (spec.onReport) child.on("message", spec.onReport);
  let kept = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      kept = (kept + text).slice(-KEPT_OUTPUT);
    });
  }
  const exited = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, signal) => resolve(signal ? `ended by ${signal}` : `exit code ${code}`));
  });
  const output = () => {
    if (logFile === undefined) return kept;
    const bytes = readFileSync(logFile);
    // A file that is shorter now was emptied meanwhile.
    return bytes
      .subarray(bytes.length < logged ? 0 : logged)
      .subarray(-KEPT_OUTPUT)
      .toString();
  };
  return { pid: child.pid ?? -1, child, exited, output };
}

const LOOK_MS = { least: 20, most: 100 };

/**
 * Waits until the process serves. Between two looks it waits a tenth of the time that has passed, 20 ms at least and 100 ms
 * at most: what starts shall not be slowed by the looking.
 * @throws {ServerFailed} it ended before, or does not serve after `within` milliseconds
 */
export async function untilReady(server: ServerProcess, spec: ServerSpec, within = 30_000): Promise<void> {
  const began = performance.now();
  let ended: string | undefined;
  void server.exited.then((how) => {
    ended = how;
  });
  while (!(await spec.isReady())) {
    if (ended) throw new ServerFailed(`${spec.name} did not start (${ended})`, server.output());
    if (performance.now() - began > within) {
      throw new ServerFailed(`${spec.name} is not ready after ${within / 1000} s`, server.output());
    }
    await pause(Math.min(Math.max((performance.now() - began) / 10, LOOK_MS.least), LOOK_MS.most));
  }
  if (ended) throw new ServerFailed(`${spec.name} did not start (${ended})`, server.output());
}

/** A process that did not come to serve; `output` is the end of what it printed. */
export class ServerFailed extends Error {
  override name = "ServerFailed";
  readonly output: string;
  constructor(message: string, output: string) {
    super(output ? `${message}:\n${output.trimEnd()}` : message);
    this.output = output;
  }
}

/** Ends the process: `signal`, then SIGKILL to its group after `within` ms. Resolves when it is gone. */
export async function endProcess(
  server: ServerProcess,
  signal: NodeJS.Signals,
  within = 5_000,
): Promise<void> {
  server.child.kill(signal);
  const kill = setTimeout(() => killGroup(server.pid), within);
  await server.exited;
  clearTimeout(kill);
}

/**
 * Kills a process and the sub-processes that share its group, which may outlive it.
 * @throws {Error} EPERM: a process of another user; one that is gone is none
 */
export function killGroup(leader: number): void {
  if (leader <= 1) return;
  try {
    process.kill(-leader, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
