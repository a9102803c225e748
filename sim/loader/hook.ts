import { registerHooks } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { PLANTED_FAULTS } from "../planted/faults.ts";
import { changeConstant, constantsOf } from "./constants.ts";

/**
 * Loaded before anything of the product: changes its source text in memory, by the constants of a world
 * (SIM_PARTITIONS, SIM_STRETCH) and by a planted fault (SIM_PLANTED). An edit that misses its mark ends the process.
 */
const ROOT = join(import.meta.dirname, "../..");
const { SIM_PARTITIONS = "4", SIM_STRETCH = "1", SIM_PLANTED } = process.env;
const constants = constantsOf({ partitions: Number(SIM_PARTITIONS), stretch: Number(SIM_STRETCH) });
const planted = PLANTED_FAULTS.find(({ name }) => name === SIM_PLANTED);
if (SIM_PLANTED !== undefined && planted === undefined) throw new Error(`there is no fault ${SIM_PLANTED}`);
const edits = planted?.edits ?? [];

/** Edits that have found their place, by file. */
const done = new Set<string>();
const hrefOf = (file: string) => pathToFileURL(join(ROOT, file)).href;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    const ofFile = constants.filter(({ file }) => hrefOf(file) === url);
    const editsOfFile = edits.filter(({ file }) => hrefOf(file) === url);
    if (ofFile.length + editsOfFile.length === 0) return loaded;
    let source = String(loaded.source);
    try {
      for (const constant of ofFile) source = changeConstant(source, constant);
      for (const { file, find, replace } of editsOfFile) {
        if (source.split(find).length !== 2) throw new Error(`${file} does not hold once: ${find}`);
        source = source.replace(find, () => replace);
        done.add(`${file} ${find}`);
      }
    } catch (error) {
      console.error(`simulation: ${error instanceof Error ? error.message : error}`);
      process.exit(1);
    }
    return { ...loaded, source };
  },
});

process.on("exit", () => {
  if (done.size === edits.length) return;
  console.error(
    `simulation: ${edits.length - done.size} edits of "${SIM_PLANTED}" are of files that were not loaded`,
  );
  process.exitCode = 1;
});
