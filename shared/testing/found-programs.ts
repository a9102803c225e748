import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheDirectory, directoryOnce } from "../src/servers/cache.ts";
import { programsFromDebian } from "../src/servers/debian-programs.ts";

const run = promisify(execFile);

/**
 * Paths of programs: those of the system, else of the cache, else of Debian's package unpacked into the cache; or why
 * they cannot be had. Nothing is installed into the system. `data`: directories of the package that are unpacked with them.
 */
export async function findPrograms<Name extends string>(
  debianPackage: string,
  names: readonly Name[],
  data: readonly string[] = [],
): Promise<Record<Name, string> | { missing: string }> {
  const folder = join(cacheDirectory(), `${debianPackage}-${process.platform}-${process.arch}`);
  const paths = (of: (name: Name) => string) =>
    Object.fromEntries(names.map((name) => [name, of(name)])) as Record<Name, string>;
  const [inSystem, inCache] = [paths((name) => name), paths((name) => join(folder, name))];
  if (await allRun(inSystem)) return inSystem;
  try {
    await directoryOnce(folder, (scratch) => programsFromDebian(debianPackage, names, scratch, { data }));
    return (await allRun(inCache)) ? inCache : { missing: `${folder}: the programs do not run` };
  } catch (error) {
    return { missing: error instanceof Error ? error.message : String(error) };
  }
}

/** Whether each runs here. */
const allRun = (programs: Record<string, string>): Promise<boolean> =>
  Promise.all(Object.values(programs).map((program) => run(program, ["--version"]))).then(
    () => true,
    () => false,
  );
