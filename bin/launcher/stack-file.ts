import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stack } from "@meeshy/shared/servers/stack";

/** Writes stack.json, which holds passwords: whole or not at all, and for its owner only. */
export function writeStackFile(dataDir: string, stack: Stack): void {
  const draft = join(dataDir, "stack.json.new");
  writeFileSync(draft, `${JSON.stringify(stack, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, join(dataDir, "stack.json"));
}

/** Takes stack.json away while not everything is ready. */
export function removeStackFile(dataDir: string): void {
  rmSync(join(dataDir, "stack.json"), { force: true });
}
