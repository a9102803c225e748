import { execFile } from "node:child_process";
import { mkdir, readdir, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { directoryOnce } from "@meeshy/shared/servers/cache";
import { ensureInstalled, isInstalled } from "../../bin/run/install.mjs";

const ROOT = join(import.meta.dirname, "../..");
const OWN_SCOPE = "@meeshy";
const run = promisify(execFile);

/**
 * A checkout of a commit of this repository, kept in .cache/older, that its own services can run from: with the
 * dependencies of its own lockfile and its own database client. Rejects, saying why, where the clone does not hold
 * the commit.
 */
export async function olderCheckout(commit: string): Promise<string> {
  const directory = join(ROOT, ".cache/older", commit);
  await directoryOnce(directory, (scratch) => extract(commit, scratch));
  if (!isInstalled(directory)) await install(directory);
  await run(process.execPath, [join(directory, "bin/task.ts"), "generate"]);
  return directory;
}

async function extract(commit: string, into: string): Promise<void> {
  const archive = `${into}.tar`;
  try {
    await run("git", ["-C", ROOT, "archive", "--output", archive, commit]);
    await run("tar", ["-xf", archive, "-C", into]);
  } catch (error) {
    const why = error instanceof Error ? error.message.trim().split("\n").at(-1) : error;
    throw new Error(`commit ${commit} cannot be taken out of this clone (${why})`);
  } finally {
    await rm(archive, { force: true });
  }
}

/** The present dependencies where the older lockfile asks for the same, else an installation of its own. */
async function install(directory: string): Promise<void> {
  await shareDependencies(directory);
  if (isInstalled(directory)) return;
  await rm(join(directory, "node_modules"), { recursive: true });
  await ensureInstalled(directory);
}

/** Links every installed package; those of this repository are the checkout's own. */
async function shareDependencies(directory: string): Promise<void> {
  const theirs = join(directory, "node_modules");
  const ours = join(ROOT, "node_modules");
  await mkdir(join(theirs, OWN_SCOPE), { recursive: true });
  const packages = (await readdir(ours)).filter((name) => name !== OWN_SCOPE);
  await Promise.all(packages.map((name) => link(join(ours, name), join(theirs, name))));
  const own = await readdir(join(ours, OWN_SCOPE));
  await Promise.all(own.map((name) => link(join("../..", name), join(theirs, OWN_SCOPE, name))));
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path).catch((error) => {
    if (error.code !== "EEXIST") throw error;
  });
}
