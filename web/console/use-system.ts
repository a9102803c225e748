"use client";

import { useCallback } from "react";
import type { ConsoleApi } from "./api.ts";
import type { ConsoleError } from "./failure.ts";
import type { Obstacles } from "./session.tsx";
import { type Polled, usePolled } from "./use-polled.ts";
import type { Known } from "./well-being.ts";

/** What is read of the whole system, again and again. */
export interface System extends Known {
  /** when the oldest of what is shown was read, ms since 1970 by the operator's clock */
  at: number | undefined;
  obstacles: Obstacles;
  refresh: () => void;
}

const EVERY_MS = 2_000;
const DATABASE_EVERY_MS = 5_000;

export function useSystem(api: ConsoleApi): System {
  // Together, so that what is shown of both is of one moment.
  const question = useCallback(async () => {
    const [stats, processes] = await Promise.all([api.stats(), api.processes()]);
    return { stats, processes };
  }, [api]);
  const figures = usePolled(question, EVERY_MS);
  const readiness = usePolled(api.readiness, EVERY_MS);
  const database = usePolled(api.askDatabase, DATABASE_EVERY_MS);

  const all: Polled<unknown>[] = [figures, readiness];
  const failures = all.flatMap(({ failure }) => failure ?? []);
  const times = all.flatMap(({ at }) => at ?? []);
  // No answer at all says more than a refusal of one route.
  const failure = failures.find(({ kind }) => kind === "unreachable") ?? failures[0];
  const known: Known = {
    stats: figures.data?.stats,
    processes: figures.data?.processes,
    readiness: readiness.data,
    failure,
    databaseFailure: database.failure?.kind === "unavailable" ? database.failure : undefined,
  };
  return {
    ...known,
    at: times.length === 0 ? undefined : Math.min(...times),
    obstacles: obstaclesOf(known),
    refresh: () => {
      for (const { refresh } of [...all, database]) refresh();
    },
  };
}

function obstaclesOf({ failure, readiness, databaseFailure }: Known): Obstacles {
  const log = logObstacle(failure, readiness?.reasons ?? []);
  return { log, database: log ?? databaseFailure?.message ?? null };
}

function logObstacle(failure: ConsoleError | undefined, reasons: readonly string[]): string | null {
  if (failure) return failure.message;
  return reasons.length === 0 ? null : `This gateway is not ready: ${reasons.join("; ")}.`;
}
