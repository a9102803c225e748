"use client";

import type { ConsoleApi } from "./api.ts";
import type { ConsoleError } from "./failure.ts";
import { type Polled, usePolled } from "./use-polled.ts";
import type { Processes, Readiness, Stats } from "./wire.ts";

/** What is read of the whole system, again and again. */
export interface System {
  stats: Stats | undefined;
  readiness: Readiness | undefined;
  processes: Processes | undefined;
  /** of the last attempt to read any of these */
  failure: ConsoleError | undefined;
  /** when the oldest of what is shown was read, ms since 1970 by the operator's clock */
  at: number | undefined;
  /** why nothing can be changed now; null: it can */
  readOnly: string | null;
  refresh: () => void;
}

const EVERY_MS = 2_000;

export function useSystem(api: ConsoleApi): System {
  const stats = usePolled(api.stats, EVERY_MS);
  const readiness = usePolled(api.readiness, EVERY_MS);
  const processes = usePolled(api.processes, EVERY_MS);
  const all: Polled<unknown>[] = [stats, readiness, processes];
  const failures = all.flatMap(({ failure }) => failure ?? []);
  const times = all.flatMap(({ at }) => at ?? []);
  // No answer at all says more than a refusal of one route.
  const failure = failures.find(({ kind }) => kind === "unreachable") ?? failures[0];
  return {
    stats: stats.data,
    readiness: readiness.data,
    processes: processes.data,
    failure,
    at: times.length === 0 ? undefined : Math.min(...times),
    readOnly: readOnlyReason(failure, readiness.data),
    refresh: () => {
      for (const { refresh } of all) refresh();
    },
  };
}

function readOnlyReason(failure: ConsoleError | undefined, readiness: Readiness | undefined): string | null {
  if (failure && failure.kind !== "not-found") return failure.message;
  const reasons = readiness?.reasons ?? [];
  return reasons.length === 0 ? null : `This gateway is not ready: ${reasons.join("; ")}.`;
}
