import { setTimeout as pause } from "node:timers/promises";
import { back, type FaultPlan } from "./faults/catalogue.ts";
import { inject } from "./faults/inject.ts";
import type { Finding } from "./oracle/finding.ts";
import type { Component, Fault } from "./oracle/history.ts";
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
  /** kinds of faults of which the time sufficed for none */
  notInjected: string[];
}

/** Time without faults first: what is wrong then was not caused by a fault. */
const CALM_MS = 4_000;
/** Differences that are printed; one cause makes hundreds. */
const MOST_TEXTS = 5;

/**
 * Injects a fault of each kind, in an order of chance, then the others of each kind, then any of them; waits between
 * two until all views are right. A process that came back as an older release is replaced by the present one.
 */
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
    if (recoveryMs === null) say(`${what}: NOT RIGHT IN TIME: ${texts.slice(0, MOST_TEXTS).join("; ")}`);
    else if (recoveryMs === 0) say(`${what}: right all the time`);
    else say(`${what}: right after ${(recoveryMs / 1_000).toFixed(1)} s (last: ${last})`);
    return recoveryMs;
  };
  await settle(
    "arrival",
    session.fleet.arrived.then(() => pause(CALM_MS, undefined, { signal })),
  );

  const strike = async (plan: FaultPlan, targets?: readonly number[]): Promise<Fault | undefined> => {
    const { history, stack } = session;
    let fault: Fault | undefined;
    const onInjected = (injected: Fault) => {
      fault = injected;
      history.faults.push(injected);
    };
    const hit = { stack, random, signal, onInjected, ...(targets ? { targets } : {}) };
    const recoveryMs = await settle(plan.name, inject(plan, hit));
    if (fault) fault.recoveryMs = recoveryMs;
    return fault;
  };
  const due = inTurns(faults, random);
  while (faults.length > 0 && performance.now() < until) {
    const plan = due.shift() ?? random.pick(faults);
    const fault = await strike(plan);
    if (plan.release === "older" && fault) await strike(back(plan), fault.targets);
  }
  const left = until - performance.now();
  if (left > 0) await pause(left, undefined, { signal });
  return { findings, notInjected: kindsWithout(faults, due) };
}

/** Kinds of which every fault is still due. */
function kindsWithout(faults: readonly FaultPlan[], due: readonly FaultPlan[]): string[] {
  const injected = new Set(faults.filter((plan) => !due.includes(plan)).map(({ kind }) => kind));
  return [...new Set(due.map(({ kind }) => kind))].filter((kind) => !injected.has(kind));
}

/**
 * One fault of each kind first, then the rest, both in an order of chance. Where a kind may hit this component or
 * that one, it hits one that was drawn least, so that the first turn comes to each of them.
 */
export function inTurns(faults: readonly FaultPlan[], random: Random): FaultPlan[] {
  const kinds = random.shuffled([...Map.groupBy(faults, ({ kind }) => kind).values()]);
  const draws = new Map<Component, number>();
  const drawn = ({ component }: FaultPlan) => draws.get(component) ?? 0;
  const first = kinds.map((ofKind) => {
    const least = Math.min(...ofKind.map(drawn));
    const plan = random.pick(ofKind.filter((one) => drawn(one) === least));
    if (ofKind.some(({ component }) => component !== plan.component)) {
      draws.set(plan.component, least + 1);
    }
    return plan;
  });
  return [...first, ...random.shuffled(faults.filter((plan) => !first.includes(plan)))];
}
