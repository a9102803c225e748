import {
  chmod,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { exists } from "@meeshy/shared/servers/cache";
import type { PostgresBinaries } from "@meeshy/shared/servers/postgres-binary";
import { initPostgres } from "@meeshy/shared/servers/postgres-server";
import { giveOwnUser, mayReach, ownerOf, unprivilegedUser } from "@meeshy/shared/servers/unprivileged-user";
import { withLock } from "../run/lock.mjs";

/** Where data live that an unprivileged user must reach when the data directory is closed to it. */
const OPEN_PLACE = "/var/lib/meeshy-presence";
const PREFIX = "data-";

/**
 * Gives the directory of the embedded PostgreSQL's data, made on first use: `<data-dir>/postgres`. When the
 * launcher runs as root in a place closed to others (a clone under /root), PostgreSQL, which refuses root,
 * could not get there: then that name is a link to a directory under /var/lib/meeshy-presence.
 */
export async function postgresData(
  dataDir: string,
  binaries: PostgresBinaries,
  password: string,
  say: (line: string) => void,
): Promise<string> {
  const link = join(dataDir, "postgres");
  if (!(await exists(link))) {
    // The link dangles when its target has been deleted.
    await rm(link, { force: true });
    say("creating PostgreSQL's data directory");
    await create(link, dataDir, binaries, password);
  }
  const home = await realpath(link);
  await requireSameMajor(home, binaries);
  // `initdb` has made it as `nobody`, and earlier releases left it so.
  if (ownerOf(home)?.uid === unprivilegedUser()?.uid) await giveOwnUser(home);
  return home;
}

async function create(
  link: string,
  dataDir: string,
  binaries: PostgresBinaries,
  password: string,
): Promise<void> {
  if (!unprivilegedUser() || mayReach(dataDir)) return initAt(link, binaries, password);
  await withLock(join(OPEN_PLACE, "lock"), async () => {
    const home = await openHome(link);
    await initAt(home, binaries, password);
    await symlink(home, link);
  });
}

/** A cluster that could not be finished is not there. */
async function initAt(home: string, binaries: PostgresBinaries, password: string): Promise<void> {
  const draft = `${home}.new`;
  await rm(draft, { recursive: true, force: true });
  await initPostgres({ binaries, dataDir: draft, password });
  await rename(draft, home);
}

/** A new place for data, after those have been removed that no link points to any more. */
async function openHome(link: string): Promise<string> {
  const names = await readdir(OPEN_PLACE);
  for (const name of names.filter((name) => name.startsWith(PREFIX))) {
    const place = join(OPEN_PLACE, name);
    const owner = await readFile(join(place, "owner"), "utf8").catch(() => link);
    const isUsed = (await realpath(owner).catch(() => "")) === join(place, "data");
    if (!isUsed) await rm(place, { recursive: true, force: true });
  }
  const place = await mkdtemp(join(OPEN_PLACE, PREFIX));
  await chmod(place, 0o711);
  await writeFile(join(place, "owner"), link, { mode: 0o600 });
  return join(place, "data");
}

async function requireSameMajor(home: string, binaries: PostgresBinaries): Promise<void> {
  const made = (await readFile(join(home, "PG_VERSION"), "utf8")).trim();
  const present = binaries.version.split(".")[0];
  if (made === present) return;
  throw new Error(
    `${home} was made by PostgreSQL ${made}, and this is ${present}: delete it, or name a server with DATABASE_URL`,
  );
}
