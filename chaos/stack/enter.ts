import { join, relative } from "node:path";
import { noteLongTurns } from "./long-turns.ts";
import { readPlaces } from "./places.ts";

/**
 * Loaded into every process of a chaos stack by NODE_OPTIONS. It gives a service the address of its own link to
 * the broker, read at each start from the file that CHAOS_PLACES names; where that file names another checkout,
 * the process becomes that checkout's, under the same process id. Every other process goes on as it is. The long turns
 * of a service go to the file that CHAOS_LONG_TURNS names.
 */
const ROOT = join(import.meta.dirname, "../..");
const { CHAOS_PLACES, CHAOS_LONG_TURNS, MEESHY_PROCESS } = process.env;
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
if (CHAOS_LONG_TURNS && MEESHY_PROCESS) noteLongTurns(MEESHY_PROCESS, CHAOS_LONG_TURNS);
