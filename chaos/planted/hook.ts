import { mkdirSync } from "node:fs";
import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { SABOTAGES } from "./sabotages.ts";

/**
 * Loaded into every process of a stack by NODE_OPTIONS: rewrites the source text of the files that the sabotage
 * named by PLANTED changes, as they are loaded. Text that is not there, or there twice, ends the process: a
 * sabotage that misses its mark would prove nothing. PLANTED_MARK is a directory that the first process to make
 * it may be changed by.
 */
const ROOT = join(import.meta.dirname, "../..");
const { PLANTED, PLANTED_MARK } = process.env;
const sabotage = SABOTAGES.find(({ name }) => name === PLANTED);
if (!sabotage || !PLANTED_MARK) throw new Error(`there is no sabotage ${PLANTED}, or no mark`);

let isChosen: boolean | undefined;

function choose(): boolean {
  if (sabotage?.processes === "all") return true;
  try {
    mkdirSync(PLANTED_MARK as string);
    return true;
  } catch {
    return false;
  }
}

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const edits = sabotage.edits.filter(({ file }) => pathToFileURL(join(ROOT, file)).href === url);
    if (edits.length === 0) return loaded;
    isChosen ??= choose();
    if (!isChosen) return loaded;
    let source = String(loaded.source);
    for (const { file, find, replace } of edits) {
      if (source.split(find).length !== 2) {
        console.error(`planted: ${file} does not hold once: ${find}`);
        process.exit(1);
      }
      source = source.replace(find, () => replace);
      console.error(`planted: ${file} is changed`);
    }
    return { ...loaded, source };
  },
});
