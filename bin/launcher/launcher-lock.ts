import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { endProcesses } from "@meeshy/shared/servers/end-processes";
import { identify, lives, type ProcessIdentity } from "@meeshy/shared/servers/process-identity";
import { withLock } from "../run/lock.mjs";

type Holder = ProcessIdentity & { startedBy: ProcessIdentity[] };

/**
 * Takes the data directory for this process; throws if a launcher works on it. A launcher whose
 * npm was killed cannot be stopped by its user: it counts as left behind and is ended.
 * @param startedBy processes between the person and this one
 * @returns gives the directory back
 */
export async function takeDataDir(
  dataDir: string,
  startedBy: number[],
  say: (line: string) => void,
): Promise<() => void> {
  const file = join(dataDir, "launcher.json");
  const self = identify(process.pid);
  if (!self) throw new Error("cannot read the start time of a process");
  await withLock(join(dataDir, "launcher.lock"), async () => {
    const holder = read(file);
    if (holder && lives(holder)) {
      if (holder.startedBy.every(lives)) {
        throw new Error(`${dataDir} is in use by the launcher with process id ${holder.pid}`);
      }
      say(`ending the launcher with process id ${holder.pid}, whose npm was killed`);
      await endProcesses([{ ...holder, stopSignal: "SIGTERM" }], 12_000);
    }
    const starters = startedBy.map(identify).filter((identity) => identity !== undefined);
    writeFileSync(file, `${JSON.stringify({ ...self, startedBy: starters } satisfies Holder)}\n`, {
      mode: 0o600,
    });
  });
  return () => rmSync(file, { force: true });
}

function read(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
