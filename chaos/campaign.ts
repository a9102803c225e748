import { setTimeout as pause } from "node:timers/promises";
import type { FaultPlan } from "./faults/catalogue.ts";
import { inject } from "./faults/inject.ts";
import { ARRIVAL_MS } from "./fleet/fleet.ts";
import type { Finding } from "./oracle/finding.ts";
import type { Random } from "./random.ts";
import { recover, recoversWithin } from "./recovery.ts";
import type { Session } from "./session.ts";
import { TIMES } from "./times.ts";

export interface CampaignOptions {
  faults: readonly FaultPlan[];
  random: Random;
  /** when to stop injecting, ms of the driver's clock */
  until: number;
  say(line: string): void;
  signal: AbortSignal;
}

export interface CampaignResult {
  /** what was still wrong when the time to recover was over */
  findings: Finding[];
  /** faults that the time did not suffice for */
  notInjected: string[];
}

/** Time without faults first: what is wrong then is no fault's doing. */
const CALM_MS = 4_000;
/** Differences that are told; one cause makes hundreds. */
const TOLD = 5;

/** Injects every fault once, in an order of chance, then any of them; waits between two until all views are right. */
export async function campaign(session: Session, options: CampaignOptions): Promise<CampaignResult> {
  const { faults, random, until, say, signal } = options;
  const findings: Finding[] = [];
  const settle = async (what: string, ended: Promise<void>): Promise<number | null> => {
    const within = recoversWithin(TIMES);
    const { recoveryMs, left, last } = await recover(session.look, ended, TIMES, within, signal);
    const at = performance.now();
    const texts = left.map(({ text }) => text);
    for (const { about, text } of left) {
      findings.push({ column: "lost", at, about, text: `not right in time after ${what}: ${text}` });
    }
    if (recoveryMs === null) say(`${what}: NOT RIGHT IN TIME: ${texts.slice(0, TOLD).join("; ")}`);
    else if (recoveryMs === 0) say(`${what}: right all the time`);
    else say(`${what}: right after ${(recoveryMs / 1_000).toFixed(1)} s (last: ${last})`);
    return recoveryMs;
  };
  await settle("arrival", pause(ARRIVAL_MS + CALM_MS, undefined, { signal }));

  const strike = async (plan: FaultPlan) => {
    const { history, stack } = session;
    const ended = inject(plan, {
      read: stack.read,
      onInjected: (fault) => history.faults.push(fault),
      random,
      signal,
    });
    const recoveryMs = await settle(plan.name, ended);
    const fault = history.faults.at(-1);
    if (fault) fault.recoveryMs = recoveryMs;
  };
  const due = random.shuffled(faults);
  while (faults.length > 0 && performance.now() < until) await strike(due.shift() ?? random.pick(faults));
  const left = until - performance.now();
  if (left > 0) await pause(left, undefined, { signal });
  return { findings, notInjected: due.map(({ name }) => name) };
}
