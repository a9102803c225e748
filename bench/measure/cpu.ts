import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { treeOf } from "../../chaos/faults/process-tree.ts";

/** CPU time, µs, of processes and all that descend from them, as Linux accounts for it in steps of a tick. */

const US_PER_SECOND = 1_000_000;
let ticksPerSecond: number | undefined;

/** What these processes, their children and their ended children have used since they began. NaN where there is no /proc. */
export function cpuOf(pids: readonly number[]): number {
  if (process.platform !== "linux") return Number.NaN;
  ticksPerSecond ??= Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  const ticks = pids.flatMap(treeOf).reduce((total, pid) => total + ticksOf(pid), 0);
  return (ticks / ticksPerSecond) * US_PER_SECOND;
}

/** utime, stime, cutime and cstime: the 14th to 17th fields; the second may contain spaces, in brackets. */
function ticksOf(pid: number): number {
  let line: string;
  try {
    line = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return 0;
    throw error;
  }
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((total, field) => total + Number(field), 0);
}

export interface CpuMeter {
  /** µs of CPU since the start, an operation */
  per(operations: number): {
    "front CPU µs/op": number;
    "server CPU µs/op": number;
    "client CPU µs/op": number;
  };
  /** seconds of CPU that the front processes have used since the start */
  frontSeconds(): number;
}

/** Starts counting: the front processes, all processes of a system, and this one, which plays the clients. */
export function startCpuMeter(system: { fronts(): number[]; pids(): number[] }): CpuMeter {
  const fronts = system.fronts();
  const pids = system.pids();
  const before = { fronts: cpuOf(fronts), all: cpuOf(pids), client: process.cpuUsage() };
  return {
    per(operations) {
      const { user, system: kernel } = process.cpuUsage(before.client);
      return {
        "front CPU µs/op": (cpuOf(fronts) - before.fronts) / operations,
        "server CPU µs/op": (cpuOf(pids) - before.all) / operations,
        "client CPU µs/op": (user + kernel) / operations,
      };
    },
    frontSeconds: () => (cpuOf(fronts) - before.fronts) / US_PER_SECOND,
  };
}
