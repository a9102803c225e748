import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { identify, lives, type ProcessIdentity } from "@meeshy/shared/servers/process-identity";
import { ROOT } from "./root.ts";

/** Where launchers note which data directory they run, a file each: those of this checkout, unless a test has a place of its own. */
const PLACE = process.env.MEESHY_STACKS ?? join(ROOT, ".cache/stacks");
const DEFAULT_DATA_DIR = join(ROOT, ".data");

type Running = ProcessIdentity & { dataDir: string };

/**
 * Notes that this process runs a stack in the data directory, so that commands of the same checkout find it.
 * @returns removes the note
 */
export function noteRunning(dataDir: string, place = PLACE): () => void {
  const self = identify(process.pid);
  if (!self) throw new Error("cannot read the start time of a process");
  const file = join(place, `${process.pid}.json`);
  mkdirSync(place, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...self, dataDir } satisfies Running)}\n`);
  return () => rmSync(file, { force: true });
}

/** Data directories of the stacks that run from this checkout. What a killed launcher left behind does not count. */
export function runningDataDirs(place = PLACE): string[] {
  const names = existsSync(place) ? readdirSync(place) : [];
  return names
    .map((name) => read(join(place, name)))
    .flatMap((running) => (running && lives(running) ? [running.dataDir] : []))
    .sort();
}

/**
 * The data directory that a command is about: the given one, else that of the running stack, else the default one.
 * @throws {Error} several stacks run, none of them in the default directory: it names them
 */
export function findDataDir(given: string | undefined, place = PLACE): string {
  if (given !== undefined) return resolve(ROOT, given);
  const running = runningDataDirs(place);
  const [first] = running;
  if (first === undefined || running.includes(DEFAULT_DATA_DIR)) return DEFAULT_DATA_DIR;
  if (running.length === 1) return first;
  const options = running.map((dataDir) => `  ${dataDirOption(dataDir)}`).join("\n");
  throw new Error(
    `${running.length} stacks are running; add the option of the one that is meant:\n${options}`,
  );
}

/** The command that prints a token for a demo user of this data directory, whatever else runs. */
export function tokenCommand(user: string, dataDir: string): string {
  const base = `npm run -s token -- ${user}`;
  return dataDir === DEFAULT_DATA_DIR ? base : `${base} ${dataDirOption(dataDir)}`;
}

/** Quoted for a shell where need be. */
const dataDirOption = (dataDir: string): string =>
  `--data-dir ${/^[\w./-]+$/.test(dataDir) ? dataDir : `'${dataDir.replaceAll("'", `'\\''`)}'`}`;

function read(file: string): Running | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
