import { accessSync, constants, mkdirSync } from "node:fs";
import { mkdtemp, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";

/**
 * The directory where downloaded and unpacked servers are kept: outside the checkout, so neither `npm ci` nor
 * a second clone downloads them again. Root's is under /var/cache and not under /root, which is closed to the
 * unprivileged user that PostgreSQL runs as.
 * @throws {Error} none of the places can be written
 */
export function cacheDirectory(): string {
  const candidates =
    process.getuid?.() === 0 ? ["/var/cache/meeshy-presence"] : [join(homedir(), ".cache/meeshy-presence")];
  candidates.push(join(import.meta.dirname, "../../../node_modules/.cache/meeshy-presence"));
  const usable = candidates.find(isWritable);
  if (!usable) throw new Error(`no place for a cache: none of ${candidates.join(", ")} can be written`);
  return usable;
}

function isWritable(directory: string): boolean {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Gives the directory `path`, made by `fill` when it is not there. It appears complete or not at all, and
 * when two processes make it at once the first one's stays. `fill` gets an empty directory beside it.
 * @throws what `fill` throws, unless another process has made the directory meanwhile
 */
export async function directoryOnce(path: string, fill: (scratch: string) => Promise<void>): Promise<string> {
  if (await exists(path)) return path;
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const scratch = await mkdtemp(`${path}.new-`);
  try {
    await fill(scratch);
    await rename(scratch, path);
  } catch (error) {
    if (!(await exists(path))) throw error;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return path;
}

/** Whether anything stands at `path`; false, too, where that may not be looked at. */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
