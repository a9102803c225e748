import { mkdirSync, writeFileSync } from "node:fs";
import { arch, availableParallelism, cpus, loadavg, platform, release, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { shortened } from "../chaos/report/shortened.ts";
import { SCENARIOS, select } from "./catalogue.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { agreementOf, isDisputed, isMet, ratioOf } from "./report/figures.ts";
import { textOf } from "./report/text.ts";
import { resources } from "./resources.ts";
import type { Outcome, Scenario } from "./scenario.ts";
import { startSystem } from "./systems/start.ts";

interface Result {
  scenario: Scenario;
  seconds: number;
  outcome: Outcome;
}

const say = (line: string) => console.log(`[${(performance.now() / 1_000).toFixed(1)} s] ${line}`);
const open = resources();

/** `npm run bench`: gives the exit code; a missed target is printed and fails nothing. */
async function main({ only, rounds, gatewayProcesses, natsServers, json }: Options): Promise<number> {
  const scenarios = select(SCENARIOS, only);
  const results: Result[] = [];
  let failures = 0;
  say(`load ${loadavg()[0]?.toFixed(2)} on ${availableParallelism()} cores; ${scenarios.length} scenarios`);
  for (const scenario of scenarios) {
    say(`${scenario.name}: ${scenario.title}`);
    const since = performance.now();
    try {
      const outcome = await scenario.run({
        ...{ rounds, natsServers },
        say: (line) => say(`  ${line}`),
        keep: open.keep,
        start: async (kind, world, options = {}) =>
          open.keep(await startSystem(kind, world, { gatewayProcesses, ...options })),
      });
      results.push({ scenario, seconds: (performance.now() - since) / 1_000, outcome });
    } catch (error) {
      failures++;
      console.error(`${scenario.name} failed: ${shortened(error)}`);
    } finally {
      await open.release();
    }
  }
  for (const { scenario, outcome } of results) console.log(textOf(scenario, outcome));
  const targets = results.flatMap(({ outcome }) => outcome.targets);
  const disputed = targets.filter(isDisputed).length;
  const doubt = disputed === 0 ? "" : `; of ${disputed} the rounds disagree`;
  console.log(`\n${targets.filter(isMet).length} of ${targets.length} targets met${doubt}`);
  const file = json ?? join(import.meta.dirname, "results", `${fileStamp(new Date())}.local.json`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, asJson(results));
  say(`figures: ${file}`);
  return failures === 0 ? 0 : 1;
}

function asJson(results: readonly Result[]): string {
  const machine = {
    cpu: cpus()[0]?.model,
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release()} ${arch()}`,
    node: process.version,
    loadAtEnd: loadavg(),
  };
  const scenarios = results.map(({ scenario: { name, title }, seconds, outcome }) => {
    const targets = outcome.targets.map((target) => ({
      ...target,
      ratio: ratioOf(target),
      isMet: isMet(target),
      agreement: agreementOf(target),
    }));
    return { name, title, seconds, ...outcome, targets };
  });
  return `${JSON.stringify({ at: new Date().toISOString(), machine, scenarios }, null, 2)}\n`;
}

const fileStamp = (now: Date): string => now.toISOString().slice(0, 19).replaceAll(":", "-");

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, async () => {
    await open.release();
    console.error("interrupted");
    process.exit(1);
  });
}
try {
  const options = parseOptions(process.argv.slice(2));
  if (options) process.exitCode = await main(options);
  else
    console.log(
      [USAGE, "", ...SCENARIOS.map(({ name, title }) => `  ${name.padEnd(14)}${title}`)].join("\n"),
    );
} catch (error) {
  console.error(shortened(error));
  process.exitCode = 1;
}
