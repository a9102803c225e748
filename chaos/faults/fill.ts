import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { FaultPlan } from "./catalogue.ts";
import type { Victims } from "./inject.ts";
import { pidsOf, untilReplaced } from "./processes.ts";

/** Leaves the broker no room to store anything, then gives it room again as an operator would. */
export function fill(
  plan: FaultPlan,
  stack: Victims,
  onEnded: () => void,
  signal: AbortSignal,
): Promise<void> {
  return plan.needs === "small store"
    ? fillDisk(plan, stack, onEnded, signal)
    : reachLimit(plan, stack, onEnded, signal);
}

/** The account of the service may store less than it does; its configuration is read again by SIGHUP. */
async function reachLimit(
  { holdMs }: FaultPlan,
  stack: Victims,
  onEnded: () => void,
  signal: AbortSignal,
): Promise<void> {
  const file = join(stack.dataDir, "nats/nats-server.conf");
  const text = readFileSync(file, "utf8");
  const unlimited = "jetstream: enabled";
  if (text.split(unlimited).length !== 2) throw new Error(`${file} does not hold once: ${unlimited}`);
  const configure = async (next: string) => {
    writeFileSync(file, next);
    await reload(stack, signal);
  };
  try {
    await configure(text.replace(unlimited, "jetstream: { max_file: 1 }"));
    await pause(holdMs, undefined, { signal });
  } finally {
    await configure(text);
  }
  onEnded();
}

const LOOK_EVERY_MS = 20;
const RELOADS_WITHIN_MS = 5_000;

async function reload(stack: Victims, signal: AbortSignal): Promise<void> {
  const reloads = () => stack.log("nats-server-1").split("Reloaded server configuration").length;
  const before = reloads();
  for (const pid of pidsOf("nats", stack)) process.kill(pid, "SIGHUP");
  const deadline = performance.now() + RELOADS_WITHIN_MS;
  while (reloads() === before) {
    if (performance.now() > deadline) throw new Error("nats-server has not read its configuration again");
    await pause(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** JetStream gives up when its disk is full and stays so until the launcher has noticed it, which is what ends this fault. */
async function fillDisk(
  { holdMs, name }: FaultPlan,
  stack: Victims,
  onEnded: () => void,
  signal: AbortSignal,
): Promise<void> {
  const former = pidsOf("nats", stack);
  if (!stack.smallStore) throw new Error(`${name}: the store has no file system of its own`);
  const ballast = join(stack.smallStore, "ballast");
  try {
    writeUntilFull(ballast);
    await pause(holdMs, undefined, { signal });
  } finally {
    rmSync(ballast, { force: true });
  }
  await untilReplaced(name, "nats", former, stack, signal);
  onEnded();
}

/** The last few bytes count: a store that is full but for a page goes on for a while. */
const PIECES = [1_048_576, 4_096, 1];

function writeUntilFull(file: string): void {
  const fd = openSync(file, "w");
  try {
    for (const bytes of PIECES) while (writes(fd, bytes)) {}
  } finally {
    closeSync(fd);
  }
}

function writes(fd: number, bytes: number): boolean {
  try {
    return writeSync(fd, Buffer.alloc(bytes)) > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOSPC") return false;
    throw error;
  }
}
