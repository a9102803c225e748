import { setTimeout as pause } from "node:timers/promises";
import { lives, type ProcessIdentity } from "./process-identity.ts";
import { killGroup } from "./server-process.ts";

/** A process and the signal that stops it in good order. */
export type Stoppable = ProcessIdentity & { stopSignal: NodeJS.Signals };

/**
 * Ends processes that are no children of this one, with SIGKILL for those that live after `within`
 * milliseconds. Resolves when all are gone.
 * @throws {Error} EPERM: a process of another user
 */
export async function endProcesses(processes: readonly Stoppable[], within: number): Promise<void> {
  const living = () => processes.filter(lives);
  for (const { pid, stopSignal } of living()) send(pid, stopSignal);
  for (const since = performance.now(); living().length > 0 && performance.now() - since < within; ) {
    await pause(50);
  }
  for (const { pid } of living()) killGroup(pid);
  while (living().length > 0) await pause(50);
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
