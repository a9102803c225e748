import { execFile, execFileSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export type OsUser = { name: string; uid: number; gid: number };

/** Asked for once: it takes two processes. */
let unprivileged: OsUser | undefined;

/**
 * The operating system user that PostgreSQL's cluster is made by: `undefined` for the present user; when that is root,
 * whom PostgreSQL refuses, it is `nobody`, which every system has: `initdb` asks for the user's name.
 */
export function unprivilegedUser(): OsUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync("id", [flag, "nobody"], { encoding: "utf8" }));
  unprivileged ??= { name: "nobody", uid: id("-u"), gid: id("-g") };
  return unprivileged;
}

/** User ids that systemd and Debian leave unused, within what containers map. */
const UNUSED_IDS = [60_706, 61_184] as const;

/**
 * Gives the files of a cluster to a user id of their own, which has no name and no other program: those of `nobody` may
 * be read and changed by whatever else runs as `nobody`. Only root can, and has to.
 */
export async function giveOwnUser(dataDir: string): Promise<void> {
  if (!unprivilegedUser()) return;
  const id = randomInt(...UNUSED_IDS);
  await run("chown", ["-R", `${id}:${id}`, dataDir]);
}

/** The user that runs the server of a cluster: who owns it; `undefined` for the present user. */
export function ownerOf(dataDir: string): OsUser | undefined {
  if (!unprivilegedUser()) return undefined;
  const { uid, gid } = statSync(dataDir);
  return { name: String(uid), uid, gid };
}

/** True if `user`, who owns nothing above `path`, may walk through every directory down to `path`. */
export function mayReach(path: string): boolean {
  for (let directory = resolve(path); ; directory = dirname(directory)) {
    const isOpen = (statSync(directory, { throwIfNoEntry: false })?.mode ?? 0o001) & 0o001;
    if (!isOpen) return false;
    if (directory === dirname(directory)) return true;
  }
}
