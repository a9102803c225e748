import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { RunningStack } from "@meeshy/shared/testing/stack";
import { catalogueOf, select } from "../faults/catalogue.ts";
import { COLUMNS, type Column } from "../oracle/finding.ts";
import { countStatuses } from "../report/lines.ts";
import { shortened } from "../report/shortened.ts";
import { layOut } from "../report/table.ts";
import { run } from "../run.ts";
import { TIMES } from "../times.ts";
import { SABOTAGES, type Sabotage } from "./sabotages.ts";

/**
 * Proves that the oracle detects faults: runs the stack with a fault planted in its code, one after the other, and
 * once without. Exit code 0: each was caught, and the sound stack was found sound.
 */
const WITHIN_MS = 60_000;
const CLIENTS = 240;

interface Verdict {
  name: string;
  /** edits that the processes report, of those that there are */
  isPlanted: boolean;
  statuses: number;
  counts: Record<Column, number>;
  isRight: boolean;
}

async function tryOut(sabotage: Sabotage | undefined, seed: number, signal: AbortSignal): Promise<Verdict> {
  const name = sabotage?.name ?? "nothing";
  const place = mkdtempSync(join(tmpdir(), "meeshy-planted-"));
  const say = (line: string) => console.log(`[${(performance.now() / 1_000).toFixed(1)} s] ${name}: ${line}`);
  let stack: RunningStack | undefined;
  try {
    const { findings, lines } = await run({
      ...{ seed, clients: CLIENTS, withinMs: WITHIN_MS, say, signal },
      faults: sabotage?.faults ? select(catalogueOf(TIMES), sabotage.faults) : [],
      env: sabotage ? environmentOf(sabotage, place) : {},
      onStack: (started) => {
        stack = started;
      },
    });
    const counts = Object.fromEntries(
      COLUMNS.map((column) => [column, findings.filter((finding) => finding.column === column).length]),
    ) as Verdict["counts"];
    const isPlanted = sabotage !== undefined && stack !== undefined && reportsEdits(sabotage, stack);
    const isRight = sabotage
      ? isPlanted && sabotage.shows.some((column) => counts[column] > 0)
      : findings.length === 0 && countStatuses(lines) > 0;
    return { name, isPlanted, statuses: countStatuses(lines), counts, isRight };
  } finally {
    await stack?.stop();
    rmSync(place, { recursive: true, force: true });
  }
}

function environmentOf({ name }: Sabotage, place: string): Record<string, string> {
  const hook = new URL("./hook.ts", import.meta.url).href;
  return {
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ""} --import ${hook}`.trim(),
    PLANTED: name,
    PLANTED_MARK: join(place, "chosen"),
  };
}

function reportsEdits({ edits }: Sabotage, { dataDir }: RunningStack): boolean {
  const directory = join(dataDir, "logs");
  const logs = readdirSync(directory).map((file) => readFileSync(join(directory, file), "utf8"));
  return edits.every(({ file }) => logs.some((log) => log.includes(`planted: ${file} is changed`)));
}

/** A run that could not be made proves nothing. */
function failed(name: string): Verdict {
  const counts = Object.fromEntries(COLUMNS.map((column) => [column, 0])) as Verdict["counts"];
  return { name, isPlanted: false, statuses: 0, counts, isRight: false };
}

async function main(seed: number, only: string, signal: AbortSignal): Promise<number> {
  const chosen = [undefined, ...SABOTAGES].filter((one) => (one?.name ?? "nothing").includes(only));
  const verdicts: Verdict[] = [];
  for (const sabotage of chosen) {
    try {
      verdicts.push(await tryOut(sabotage, seed, signal));
    } catch (error) {
      if (signal.aborted) throw error;
      console.error(shortened(error));
      verdicts.push(failed(sabotage?.name ?? "nothing"));
    }
  }
  const rows = verdicts.map(({ name, statuses, counts, isPlanted, isRight }) => [
    name,
    name === "nothing" ? "-" : isPlanted ? "yes" : "no",
    String(statuses),
    ...COLUMNS.map((column) => String(counts[column])),
    isRight ? (name === "nothing" ? "sound" : "caught") : "WRONG",
  ]);
  console.log(
    `\n${layOut([["planted", "in place", "statuses", ...COLUMNS, "verdict"], ...rows])}\nseed ${seed}`,
  );
  return verdicts.length > 0 && verdicts.every(({ isRight }) => isRight) ? 0 : 1;
}

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interrupted.abort());
try {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ options: { seed: text, only: text } });
  const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed);
  process.exitCode = await main(seed, values.only ?? "", interrupted.signal);
} catch (error) {
  console.error(shortened(error));
  process.exitCode = 1;
}
