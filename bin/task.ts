import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureGeneratedClient } from "./launcher/generated-client.ts";
import { ROOT } from "./launcher/root.ts";
import { ensureWebBuild } from "./launcher/web-build.ts";
import { runChild } from "./run/child.mjs";

type Task = { needs: (() => Promise<void>)[]; runs: string[][]; together?: true };

/** The compiler keeps what it found in .cache: a check after a small change reads only what depends on it. */
const types = (project: string, name: string) => [
  "tsc",
  "--noEmit",
  "-p",
  project,
  "--incremental",
  "--tsBuildInfoFile",
  join(ROOT, `.cache/${name}.tsbuildinfo`),
];
const webTypes = existsSync(join(ROOT, "web/tsconfig.json"))
  ? [types("web", "web"), types("web/test/gateway", "web-gateway")]
  : [];

/**
 * What each npm script runs: programs of node_modules/.bin, or `node` and a file. All of them run, one after the other
 * or `together`, and one that fails fails the task.
 */
const TASKS: Record<string, Task> = {
  test: { needs: [ensureGeneratedClient], runs: [["vitest", "run", "--project", "!packages"]] },
  "test:packages": {
    needs: [ensureGeneratedClient],
    runs: [["vitest", "run", "--project", "packages"]],
  },
  coverage: { needs: [ensureGeneratedClient], runs: [["vitest", "run", "--project", "unit", "--coverage"]] },
  "test:unit": { needs: [ensureGeneratedClient], runs: [["vitest", "run", "--project", "unit"]] },
  "test:e2e": {
    needs: [ensureGeneratedClient, ensureWebBuild],
    runs: [["vitest", "run", "--project", "system", "browser", "flows", "console", "accessibility"]],
  },
  "test:chaos": { needs: [ensureGeneratedClient], runs: [["node", "chaos/main.ts"]] },
  "test:sim": { needs: [ensureGeneratedClient], runs: [["node", "sim/main.ts"]] },
  bench: { needs: [ensureGeneratedClient], runs: [["node", "bench/main.ts"]] },
  "test:compose": { needs: [ensureGeneratedClient], runs: [["node", "test/compose/main.ts"]] },
  drills: { needs: [ensureGeneratedClient], runs: [["node", "bench/drills/main.ts"]] },
  load: { needs: [ensureGeneratedClient], runs: [["node", "bench/load/main.ts"]] },
  check: {
    needs: [ensureGeneratedClient],
    runs: [types(".", "services"), ...webTypes, ["biome", "check"], ["knip"]],
    together: true,
  },
  "build:packages": { needs: [], runs: [["tsdown"]] },
  // By a compiler of its own: the project's has no interface for JavaScript.
  "docs:api": {
    needs: [ensureGeneratedClient],
    runs: [["node", "docs/api/node_modules/typedoc/bin/typedoc", "--options", "docs/api/typedoc.json"]],
  },
  format: { needs: [], runs: [["biome", "check", "--write"]] },
  generate: { needs: [ensureGeneratedClient], runs: [] },
};

/** Further arguments go to the last program, so `npm test -- <file>` runs one file. */
async function perform(name: string, args: string[]): Promise<number> {
  const task = TASKS[name];
  if (!task)
    throw new Error(
      `unknown command ${name}: there are ${Object.keys(TASKS).join(", ")}, start, token, preflight`,
    );
  for (const need of task.needs) await need();
  const last = task.runs.at(-1);
  const commands = task.runs.map((run) => (run === last ? [...run, ...args] : run));
  if (task.together)
    return Math.max(...(await Promise.all(commands.map((command) => execute(command, true)))));
  let worst = 0;
  for (const command of commands) worst = Math.max(worst, await execute(command, false));
  return worst;
}

/** Gives the exit code. With `capture` the output is shown at the end, in one piece. */
async function execute([tool = "", ...args]: string[], capture: boolean): Promise<number> {
  const program = tool === "node" ? process.execPath : join(ROOT, "node_modules/.bin", tool);
  const { code, output } = await runChild(program, args, { cwd: ROOT, capture });
  process.stdout.write(output);
  if (code !== 0) console.error(`${tool} failed`);
  return code ?? 1;
}

try {
  const [name = "", ...args] = process.argv.slice(2);
  process.exitCode = await perform(name, args);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
