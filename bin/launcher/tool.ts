import { join } from "node:path";
import { runChild } from "../run/child.mjs";
import { ROOT } from "./root.ts";

/** Runs a tool that must succeed; its output is shown only when it fails. */
export async function runTool(
  what: string,
  script: string,
  args: string[],
  cwd: string,
  env = {},
): Promise<void> {
  const how = { cwd: join(ROOT, cwd), env: { ...process.env, ...env }, capture: true };
  const { code, signal, output } = await runChild(
    process.execPath,
    [join(ROOT, "node_modules", script), ...args],
    how,
  );
  if (code !== 0) throw new Error(`${what} failed (${signal ?? `exit code ${code}`}):\n${output.trimEnd()}`);
}
