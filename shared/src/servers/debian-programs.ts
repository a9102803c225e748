import { copyFile, cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unpackDebianPackages } from "./debian-packages.ts";

interface Choice {
  /** in place of the system's own */
  suite?: string | undefined;
  /** directories of the package that the programs read, as `usr/share/…`; they keep their paths below `directory` */
  data?: readonly string[] | undefined;
}

/**
 * Puts programs of a Debian package into `directory`.
 * @throws {Error} as {@link unpackDebianPackages}, or the package holds no such program
 */
export async function programsFromDebian(
  packageName: string,
  programs: readonly string[],
  directory: string,
  { suite, data = [] }: Choice = {},
): Promise<void> {
  const unpacked = await mkdtemp(join(tmpdir(), `meeshy-${packageName}-`));
  try {
    await unpackDebianPackages([packageName], unpacked, suite);
    for (const program of programs)
      await copyFile(await findProgram(unpacked, program), join(directory, program));
    for (const path of data) await cp(join(unpacked, path), join(directory, path), { recursive: true });
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}

async function findProgram(unpacked: string, program: string): Promise<string> {
  for (const folder of ["usr/sbin", "usr/bin"]) {
    const names = await readdir(join(unpacked, folder)).catch((): string[] => []);
    if (names.includes(program)) return join(unpacked, folder, program);
  }
  throw new Error(`the package holds no ${program}`);
}
