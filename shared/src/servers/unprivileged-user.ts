import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";

export type OsUser = { name: string; uid: number; gid: number };

/**
 * The operating system user that PostgreSQL runs as: `undefined` for the present user; when that is root,
 * whom PostgreSQL refuses, it is `nobody`, which every system has.
 */
export function unprivilegedUser(): OsUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
  return { name: "nobody", uid: id("-u"), gid: id("-g") };
}

/** True if `user`, who owns nothing above `path`, may walk through every directory down to `path`. */
export function mayReach(path: string): boolean {
  for (let directory = resolve(path); ; directory = dirname(directory)) {
    const isOpen = (statSync(directory, { throwIfNoEntry: false })?.mode ?? 0o001) & 0o001;
    if (!isOpen) return false;
    if (directory === dirname(directory)) return true;
  }
}
