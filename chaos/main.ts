import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunningStack } from "@meeshy/shared/testing/stack";
import { catalogueOf, select } from "./faults/catalogue.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { breachesOf, textOf } from "./report/print.ts";
import { shortened } from "./report/shortened.ts";
import { run } from "./run.ts";
import { TIMES } from "./times.ts";

/** Kept for the stop of the stack. */
const STOP_MS = 10_000;

/** `npm run test:chaos`: faults against the running stack, judged by what the clients saw. Gives the exit code. */
async function main(options: Options, say: (line: string) => void, signal: AbortSignal): Promise<number> {
  const { seed, clients, minutes, only, json } = options;
  // Gateways of several processes leave two cores no room for the clients: only where the fault is asked for.
  const faults = select(catalogueOf(TIMES), only ?? "").filter(
    ({ needs }) => only !== null || needs !== "several processes",
  );
  if (faults.length === 0) throw new RangeError(`--only ${only}: no fault has this in its name`);
  let stack: RunningStack | undefined;
  let isGood = false;
  const onStack = (started: RunningStack) => {
    stack = started;
  };
  try {
    say(`seed ${seed}`);
    const withinMs = minutes * 60_000 - STOP_MS;
    const result = await run({ seed, clients, withinMs, faults, say, onStack, signal });
    const breaches = breachesOf(result);
    isGood = breaches.length === 0;
    const seconds = Math.round(performance.now() / 1_000);
    console.log(textOf(result, seed, seconds));
    const { evidence, ...report } = result;
    if (json) writeFileSync(json, asJson({ seed, clients, seconds, times: TIMES, breaches, ...report }));
    if (!isGood && stack) writeFileSync(join(stack.dataDir, "evidence.json"), asJson(evidence));
  } finally {
    const keepData = !isGood && !signal.aborted;
    await stack?.stop({ keepData });
    if (stack && keepData) say(`data, logs and evidence are kept in ${stack.dataDir}`);
  }
  return isGood ? 0 : 1;
}

const asJson = (value: unknown): string =>
  `${JSON.stringify(value, (_, part) => (part instanceof Map ? Object.fromEntries(part) : part))}\n`;

const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => interrupted.abort());
try {
  const options = parseOptions(process.argv.slice(2), Math.random);
  const say = (line: string) => console.log(`[${(performance.now() / 1_000).toFixed(1)} s] ${line}`);
  if (options) process.exitCode = await main(options, say, interrupted.signal);
  else console.log(USAGE);
} catch (error) {
  console.error(interrupted.signal.aborted ? "interrupted" : shortened(error));
  process.exitCode = 1;
}
