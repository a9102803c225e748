import { access, readFile, statfs } from "node:fs/promises";

/** More than the log may take (8 GiB) with everything else. */
export const STORE_MAX_BYTES = 16 * 1024 ** 3;
/** What of a disk nats-server's own default takes. */
const SHARE = 0.75;

/**
 * The bound of a JetStream store, bytes (`max_file_store`): the one that `configFile` names; of a store that is there already
 * {@link STORE_MAX_BYTES}; of a new one at most three quarters of the disk's free space as well. It never falls: a server whose
 * bound is lower than what a stream has reserved comes up without that stream. Its own default falls with every file on the
 * disk.
 */
export async function storeBound(configFile: string, directory: string, storeDir: string): Promise<number> {
  const former = /max_file_store: (\d+)/.exec(await readFile(configFile, "utf8").catch(() => ""))?.[1];
  if (former !== undefined) return Number(former);
  const isThere = await access(storeDir).then(
    () => true,
    () => false,
  );
  if (isThere) return STORE_MAX_BYTES;
  const { bavail, bsize } = await statfs(directory);
  return Math.min(STORE_MAX_BYTES, Math.floor(SHARE * bavail * bsize));
}
