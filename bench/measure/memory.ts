import { readFileSync } from "node:fs";

/** Resident memory of one process, bytes. NaN where there is no /proc. */
export function residentBytes(pid: number): number {
  if (process.platform !== "linux") return Number.NaN;
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1]) * 1_024;
}
