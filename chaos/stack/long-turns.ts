import { appendFileSync, existsSync, readFileSync } from "node:fs";

/**
 * A turn of the event loop in which a process of the stack computed for long: meanwhile it read nothing and sent nothing.
 * Only time on the CPU counts: a process that was stopped, or that waited for a processor, is not meant.
 */
export interface LongTurn {
  /** the name that the launcher gives it: `gateway-1` */
  process: string;
  pid: number;
  /** when the turn ended, ms since the start of the process */
  ageMs: number;
  /** how long the turn took, and how long it was on the CPU, ms */
  ms: number;
  cpuMs: number;
}

const LOOK_EVERY_MS = 20;
/** A shorter one is within every bound of the oracle. */
const WORTH_NOTING_MS = 100;
/** While a process starts it loads and compiles, and serves no one. */
const STARTED_AFTER_MS = 5_000;

/** Appends this process' own long turns to a file, a line each. */
export function noteLongTurns(name: string, file: string): void {
  let last = performance.now();
  let cpu = process.threadCpuUsage();
  setInterval(() => {
    const now = performance.now();
    const used = process.threadCpuUsage(cpu);
    const cpuMs = (used.user + used.system) / 1_000;
    if (cpuMs > WORTH_NOTING_MS) {
      const turn: LongTurn = { process: name, pid: process.pid, ageMs: now, ms: now - last, cpuMs };
      appendFileSync(file, `${JSON.stringify(turn)}\n`);
    }
    last = now;
    cpu = process.threadCpuUsage();
  }, LOOK_EVERY_MS).unref();
}

/** Those after the start of their process, the longest first. */
export function readLongTurns(file: string): LongTurn[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n").slice(0, -1);
  return lines
    .map((line): LongTurn => JSON.parse(line))
    .filter(({ ageMs }) => ageMs > STARTED_AFTER_MS)
    .sort((one, other) => other.cpuMs - one.cpuMs);
}
