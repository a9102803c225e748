import { accessSync, constants, statfsSync } from "node:fs";
import { tmpdir } from "node:os";

/** Linux keeps what is written here in memory. */
const IN_MEMORY = "/dev/shm";
/** A container may have 64 MB of it. */
const ENOUGH_BYTES = 4 * 1024 ** 3;

/**
 * Where data stand that end with the test: in memory where there is room for them, else in the directory for temporary
 * files. A database is three hundred files, which take a third of a second of computing on some disks.
 */
export function memoryDirectory(): string {
  try {
    accessSync(IN_MEMORY, constants.W_OK | constants.X_OK);
    const { bavail, bsize } = statfsSync(IN_MEMORY);
    return bavail * bsize >= ENOUGH_BYTES ? IN_MEMORY : tmpdir();
  } catch {
    return tmpdir();
  }
}
