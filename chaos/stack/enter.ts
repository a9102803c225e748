import { join, relative } from "node:path";
import { readPlaces } from "./places.ts";

/**
 * Loaded into every process of a chaos stack by NODE_OPTIONS. It gives a service the address of its own link to
 * the broker, read at each start from the file that CHAOS_PLACES names; where that file names another checkout,
 * the process becomes that checkout's, under the same process id. Every other process goes on as it is.
 */
const ROOT = join(import.meta.dirname, "../..");
const { CHAOS_PLACES, MEESHY_PROCESS } = process.env;
const place = CHAOS_PLACES && MEESHY_PROCESS ? readPlaces(CHAOS_PLACES)[MEESHY_PROCESS] : undefined;
if (place) {
  process.env.NATS_URL = place.natsUrl;
  const main = process.argv[1];
  if (place.checkout && main) {
    const { CHAOS_PLACES: _, ...env } = process.env;
    const theirs = join(place.checkout, relative(ROOT, main));
    console.error(`becomes ${theirs}`);
    process.execve?.(process.execPath, [process.execPath, theirs, ...process.argv.slice(2)], env);
    throw new Error(`${theirs} could not be run in place of ${main}`);
  }
}
