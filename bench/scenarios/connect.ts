import { setTimeout as pause } from "node:timers/promises";
import { durations } from "../../chaos/report/stats.ts";
import { closeAll, openClient, openClients } from "../fleet/clients.ts";
import { createLatch } from "../fleet/latch.ts";
import { assertCount, createReceipts } from "../fleet/receipts.ts";
import { type Audience, planAudience } from "../fleet/world.ts";
import { startCpuMeter } from "../measure/cpu.ts";
import { targetOf } from "../report/figures.ts";
import type { Outcome, Sample, Scenario, Target, Tools } from "../scenario.ts";
import { SYSTEM_KINDS, type System } from "../systems/system.ts";
import { eachRound } from "./rounds.ts";

const RECIPIENTS = 9;
const CONNECTS = 600;
const EVERY_MS = 10;
const RECEIVED_WITHIN_MS = 10_000;

export const CONNECT_WORLD: Audience = planAudience({
  watchers: 1_000,
  roomSize: RECIPIENTS,
  subjects: CONNECTS,
});

/** From the first byte of a connect to the status on a contact's socket, at a steady hundred connects a second. */
export const connect: Scenario = {
  name: "connect",
  title: `connect → contacts' receipt, 100 connects/s, 1,000 watchers, ${RECIPIENTS} recipients a change`,
  async run(tools): Promise<Outcome> {
    const { samples, notes } = await eachRound(tools, SYSTEM_KINDS, async (kind) => {
      const system = await tools.start(kind, CONNECT_WORLD);
      const figures = await measureConnect(system, tools);
      await system.stop();
      return { subject: kind, figures };
    });
    return { samples, targets: targetsOf(samples), notes: [...NOTES, ...notes] };
  },
};

const NOTES = [
  "An operation is a connect, a goodbye, and their 18 receipts. Front CPU: gateways, or the peer's own processes;",
  "server CPU: brokers, workers and databases too; client CPU: this driver.",
];

/** On a system that was started with {@link CONNECT_WORLD}. */
export async function measureConnect(system: System, { say }: Tools): Promise<Sample["figures"]> {
  const receipts = createReceipts((userId) => userId.startsWith("s"));
  const arrivals = new Map<string, () => void>();
  const watchers = await openClients(system, CONNECT_WORLD.watchers, () => ({
    onStatus(status, at) {
      receipts.note(status, at);
      if (status.isOnline) arrivals.get(status.userId)?.();
    },
  }));
  await receipts.calm();
  say(`${watchers.length} watchers wait, ${CONNECTS} people come and go`);

  const openedAt = new Map<string, number>();
  const visit = async (userId: string, front: number) => {
    const received = createLatch(RECIPIENTS, RECEIVED_WITHIN_MS, `receipts of ${userId}'s connect`);
    arrivals.set(userId, received.hit);
    openedAt.set(userId, performance.now());
    const client = openClient(system, userId, front);
    await Promise.all([client.authenticated, received.opened]);
    client.raw.leave();
  };
  const cpu = startCpuMeter(system);
  const start = performance.now();
  await Promise.all(
    CONNECT_WORLD.subjects.map(async (userId, n) => {
      await pause(Math.max(0, start + n * EVERY_MS - performance.now()));
      await visit(userId, n);
    }),
  );
  await receipts.calm();
  const costs = cpu.per(CONNECTS);
  assertCount(system.kind, CONNECTS * RECIPIENTS * 2, receipts);
  closeAll(watchers);
  const delays = receipts.all
    .filter(({ isOnline }) => isOnline)
    .map(({ userId, at }) => at - (openedAt.get(userId) ?? Number.NaN));
  return { ...durations(delays), ...costs };
}

function targetsOf(samples: readonly Sample[]): Target[] {
  const against = (figure: "p50 ms" | "p99 ms", times: number) =>
    targetOf(samples, {
      what: `connect → receipt ${figure}, against ${times} × the Redis pattern`,
      ...{ subject: "meeshy", figure, wants: "at most", bound: { subject: "redis pattern", times } },
    });
  return [against("p50 ms", 1.2), against("p99 ms", 1)];
}
