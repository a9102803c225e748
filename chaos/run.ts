import type { RunningStack } from "@meeshy/shared/testing/stack";
import { campaign } from "./campaign.ts";
import { close } from "./closing.ts";
import type { FaultPlan } from "./faults/catalogue.ts";
import { readTransitions, type Transition } from "./oracle/database.ts";
import type { Finding } from "./oracle/finding.ts";
import type { History } from "./oracle/history.ts";
import { judge } from "./oracle/judge.ts";
import { createRandom } from "./random.ts";
import { type Line, linesOf } from "./report/lines.ts";
import { openSession } from "./session.ts";
import type { LongTurn } from "./stack/long-turns.ts";

/** What a run came to. */
export interface Result {
  lines: Line[];
  findings: Finding[];
  /** kinds of faults of which the time sufficed for none */
  notInjected: string[];
  /** how long the driver itself once stood still, ms */
  longestStallMs: number;
  /** when services were busy with one thing for long, the longest first */
  longTurns: LongTurn[];
  /** what a finding can be looked into with */
  evidence: Evidence;
}

interface Evidence {
  history: History;
  transitions: Transition[];
}

export interface RunOptions {
  seed: number;
  clients: number;
  /** how long the run may take from now on, ms, without the stop of the stack */
  withinMs: number;
  /** the faults to inject; none: only time passes */
  faults: readonly FaultPlan[];
  /** variables for the services on top of the run's own */
  env?: Record<string, string>;
  say(line: string): void;
  /** Called as soon as the stack runs: the caller must stop it. */
  onStack(stack: RunningStack): void;
  signal: AbortSignal;
}

/** Kept for the last convergence, the database and the verdict. */
const CLOSING_MS = 20_000;

/** One run: starts the stack, drives the clients, injects the faults, and judges what everyone saw. */
export async function run(options: RunOptions): Promise<Result> {
  const { seed, clients, faults, say, onStack, signal } = options;
  const until = performance.now() + options.withinMs - CLOSING_MS;
  const random = createRandom(seed);
  const means = new Set(faults.flatMap(({ needs }) => needs ?? []));
  const { env = {}, withinMs } = options;
  const session = await openSession({ clients, seed, random, env, means, withinMs, say, onStack });
  const possible = faults.filter(({ needs }) => needs === null || !session.stack.missing.has(needs));
  try {
    const { findings, notInjected } = await campaign(session, {
      ...{ faults: possible, random, until, say, signal },
    });
    const last = await close(session, say, signal);
    const { history, recorder, fleet } = session;
    const endedAt = performance.now();
    fleet.stop();
    const all = [...findings, ...last, ...judge(history, endedAt)];
    return {
      lines: linesOf(history, recorder.deeds, all),
      findings: all,
      notInjected,
      longestStallMs: Math.max(0, ...history.stalls.map(({ from, to }) => to - from)),
      longTurns: session.stack.longTurns(),
      evidence: { history, transitions: await readTransitions(session.pool) },
    };
  } finally {
    await session.close();
  }
}
