import { execFile, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * Mounts an empty file system of so many megabytes, in memory, and gives its directory. It goes with this process,
 * however that ends. Rejects where mounting is not allowed: it takes root, and a container that may.
 */
export async function mountSmallStore(megabytes: number): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "meeshy-store-"));
  try {
    await run("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0700`, "tmpfs", directory]);
  } catch (error) {
    await rm(directory, { recursive: true });
    throw error;
  }
  // Waits for the end of this process, on a pipe that it alone holds open.
  const script = 'read -r _; umount -l "$1"; rmdir "$1"';
  const guard = spawn("/bin/sh", ["-c", script, "guard", directory], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.unref();
  (guard.stdin as typeof guard.stdin & { unref(): void }).unref();
  return directory;
}
