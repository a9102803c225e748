import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureGeneratedClient } from "./launcher/generated-client.ts";
import { ROOT } from "./launcher/root.ts";
import { ensureWebBuild } from "./launcher/web-build.ts";
import { runChild } from "./run/child.mjs";

type Task = { needs: (() => Promise<void>)[]; runs: string[][] };

const webTypes = existsSync(join(ROOT, "web/tsconfig.json")) ? [["tsc", "--noEmit", "-p", "web"]] : [];

/**
 * What each npm script runs: programs of node_modules/.bin, or `node` and a file. All of them run, and one that
 * fails fails the task.
 */
const TASKS: Record<string, Task> = {
  test: { needs: [ensureGeneratedClient], runs: [["vitest", "run"]] },
  "test:e2e": {
    needs: [ensureGeneratedClient, ensureWebBuild],
    runs: [["vitest", "run", "--project", "system", "test/browser"]],
  },
  "test:chaos": { needs: [ensureGeneratedClient], runs: [["node", "chaos/main.ts"]] },
  "test:sim": { needs: [ensureGeneratedClient], runs: [["node", "sim/main.ts"]] },
  bench: { needs: [ensureGeneratedClient], runs: [["node", "bench/main.ts"]] },
  load: { needs: [], runs: [["node", "bench/load/main.ts"]] },
  check: {
    needs: [ensureGeneratedClient],
    runs: [["tsc", "--noEmit", "-p", "."], ...webTypes, ["biome", "check"], ["knip"]],
  },
  format: { needs: [], runs: [["biome", "check", "--write"]] },
  generate: { needs: [ensureGeneratedClient], runs: [] },
};

/** Further arguments go to the last program, so `npm test -- <file>` runs one file. */
async function perform(name: string, args: string[]): Promise<number> {
  const task = TASKS[name];
  if (!task)
    throw new Error(`unknown command ${name}: there are ${Object.keys(TASKS).join(", ")}, start, token`);
  for (const need of task.needs) await need();
  let worst = 0;
  for (const [index, [tool = "", ...fixed]] of task.runs.entries()) {
    const isLast = index === task.runs.length - 1;
    const program = tool === "node" ? process.execPath : join(ROOT, "node_modules/.bin", tool);
    const { code } = await runChild(program, [...fixed, ...(isLast ? args : [])], { cwd: ROOT });
    if (code !== 0) console.error(`${tool} failed`);
    worst = Math.max(worst, code ?? 1);
  }
  return worst;
}

try {
  const [name = "", ...args] = process.argv.slice(2);
  process.exitCode = await perform(name, args);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
