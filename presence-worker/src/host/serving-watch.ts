import { sweeperBeatSchema } from "@meeshy/shared/events";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Bus } from "@meeshy/shared/ports/bus";
import { leaseKeys } from "@meeshy/shared/subjects";
import { isServing } from "../core/serving.ts";
import type { PartitionHost } from "./partition-host.ts";

/** Which of its partitions this worker does not process: its heartbeat says so to the gateways (ADR 0016). */
export interface ServingWatch {
  unserved(): number[];
  /** Calls back when the answer has changed. */
  onChange(listener: () => void): void;
  stop(): void;
}

export interface ServingDeps {
  bus: Bus;
  board: LeaseBoard;
  /** the partitions that this worker has taken; without a host, it is loading them */
  held: () => { partition: number; host: Pick<PartitionHost, "isCaughtUp" | "lastApplied"> | undefined }[];
  leaseMs: number;
}

const LOOK_EVERY_MS = 100;
const SWEEPERS = leaseKeys.sweeper("");
/** A running sweeper's heartbeat changes twice a second. */
const SWEEPER_SILENT_MS = 2_000;

export function watchServing({ bus, board, held, leaseMs }: ServingDeps): ServingWatch {
  const { clock } = bus;
  const listeners: (() => void)[] = [];
  let lookedAt = clock.now();
  let runsSince = lookedAt;
  let receivedUpTo = 0;
  let isAsking = false;
  let known = "";

  const areSweepersRunning = (now: number) =>
    board
      .list(SWEEPERS)
      .some(
        ({ value, changedAt }) =>
          now - changedAt < SWEEPER_SILENT_MS && sweeperBeatSchema.safeParse(value).data?.state === "running",
      );

  const unserved = (): number[] => {
    const now = clock.now();
    if (now - lookedAt > leaseMs / 2) runsSince = now;
    lookedAt = now;
    const common = { now, leaseMs, runsSince, receivedUpTo, areSweepersRunning: areSweepersRunning(now) };
    return held()
      .filter(
        ({ host }) =>
          !host || !isServing({ ...common, isCaughtUp: host.isCaughtUp(), applied: host.lastApplied() }),
      )
      .map(({ partition }) => partition)
      .sort((a, b) => a - b);
  };

  /** Everything that the broker had sent before arrives before its answer. */
  const ask = async () => {
    isAsking = true;
    const askedAt = clock.now();
    try {
      await bus.flush();
      receivedUpTo = askedAt;
    } catch {
      // The link broke: what was sent may be lost, so nothing is known.
    } finally {
      isAsking = false;
    }
  };

  const timer = clock.every(LOOK_EVERY_MS, () => {
    const now = unserved().join();
    if (now !== "" && !isAsking) void ask();
    if (now === known) return;
    known = now;
    for (const listener of listeners) listener();
  });

  return {
    unserved,
    onChange: (listener) => void listeners.push(listener),
    stop: () => timer.cancel(),
  };
}
