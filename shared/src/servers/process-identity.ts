import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process as such: its number alone may belong to another one later. */
export type ProcessIdentity = { pid: number; born: string };

/** When the process was born, in the system's own terms; `undefined` if there is none or it has ended. */
function birth(pid: number): string | undefined {
  try {
    if (process.platform === "linux") {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      // The name, in brackets, may contain anything; state and start time are fields 1 and 20 after it.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
      return fields[0] === "Z" || fields[0] === "X" ? undefined : `${boot} ${fields[19]}`;
    }
    const line = execFileSync("ps", ["-o", "state=,lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return line === "" || line.startsWith("Z") ? undefined : line.replace(/^\S+\s+/, "");
  } catch {
    return undefined;
  }
}

/** The identity of a living process; `undefined` if there is none or it has ended. */
export function identify(pid: number): ProcessIdentity | undefined {
  const born = birth(pid);
  return born === undefined ? undefined : { pid, born };
}

/** True while this very process lives. */
export function lives({ pid, born }: ProcessIdentity): boolean {
  return birth(pid) === born;
}
