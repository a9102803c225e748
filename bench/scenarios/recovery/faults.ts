import { rm } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "@meeshy/shared/testing/eventually";
import pg from "pg";
import { signalAll, treeOf } from "../../../chaos/faults/process-tree.ts";
import { closeAll, openClient } from "../../fleet/clients.ts";
import { untilSeen } from "../../fleet/viewers.ts";
import type { Sample } from "../../scenario.ts";
import { GIVEN_UP_MS, measured, type Stage, TIMES } from "./stage.ts";

/** What happens to people when a part of the service dies. */

const WORKER_ROUNDS = 10;
const PROBES = 16;
const DATABASE_AWAY_MS = 10_000;
const NATS_AWAY_MS = 5_000;
const WIPES = 12;
/** What is promised of it, ms. */
const WIPED_MS = 3_000;

/** People of one gateway, who do not come back, when it is killed. */
export async function gatewayKilled({ system, viewers, take, arrive }: Stage): Promise<Sample> {
  const userIds = take(20);
  await arrive(userIds, 1);
  const since = performance.now();
  process.kill(system.fronts()[1] as number, "SIGKILL");
  const delays = await untilSeen(viewers, userIds, false, { since, withinMs: GIVEN_UP_MS });
  return measured("gateway killed → its users offline", TIMES.gatewayLeaseMs + TIMES.graceMs + 2_000, delays);
}

/** The same of all gateways; the viewers come back as soon as they can. */
export async function allGatewaysKilled({ system, viewers, take, arrive }: Stage): Promise<Sample> {
  const userIds = take(20);
  await arrive(userIds, 0);
  const since = performance.now();
  signalAll(system.fronts(), "SIGKILL");
  const delays = await untilSeen(viewers, userIds, false, { since, withinMs: GIVEN_UP_MS });
  const promise = 3 * TIMES.gatewayLeaseMs + TIMES.graceMs + 2_000;
  return measured("all gateways killed → their users offline", promise, delays);
}

/** Again and again: a worker is killed, and people of all partitions come; the slowest of them counts. */
export async function workerKilled({ system, viewers, take, say }: Stage): Promise<Sample> {
  const delays: number[] = [];
  for (let round = 0; round < WORKER_ROUNDS; round++) {
    await servingWorkers(system.stack);
    const userIds = take(PROBES);
    const since = performance.now();
    process.kill(system.stack.read().workers[round % 2]?.pid ?? -1, "SIGKILL");
    const clients = userIds.map((userId) => openClient(system, userId, 0));
    delays.push(Math.max(...(await untilSeen(viewers, userIds, true, { since, withinMs: GIVEN_UP_MS }))));
    for (const { raw } of clients) raw.leave();
    await untilSeen(viewers, userIds, false, { since, withinMs: GIVEN_UP_MS });
  }
  say(`a worker was killed ${WORKER_ROUNDS} times`);
  return measured("worker killed → its users' events processed", TIMES.workerLeaseMs + 1_000, delays);
}

/** Both workers hold partitions again, and have read them. */
async function servingWorkers(stack: Stage["system"]["stack"]): Promise<void> {
  const isShared = async ({ url }: { url: string }) => {
    const text = await (await fetch(`${url}/metrics`)).text();
    const owned = Number(/^meeshy_partitions_owned(?:\{[^}]*\})? (\d+)$/m.exec(text)?.[1]);
    return owned === 32 && (await fetch(`${url}/health/ready`)).ok;
  };
  await eventually(async () => (await Promise.all(stack.read().workers.map(isShared))).every(Boolean), {
    what: "both workers have their half",
    within: GIVEN_UP_MS,
    every: 200,
  });
}

/** The database stands still; statuses flow meanwhile, and the rows follow when it is back. */
export async function databaseAway({ system, viewers, take, arrive }: Stage): Promise<Sample[]> {
  const userIds = take(20);
  const clients = await arrive(userIds, 0);
  await rowsSay(system.databaseUrl, userIds, true);
  const tree = treeOf(system.stack.read().database.pid ?? -1);
  signalAll(tree, "SIGSTOP");
  let delays: number[];
  try {
    const since = performance.now();
    for (const { raw } of clients) raw.leave();
    delays = await untilSeen(viewers, userIds, false, { since, withinMs: GIVEN_UP_MS });
    await pause(Math.max(0, since + DATABASE_AWAY_MS - performance.now()));
  } finally {
    signalAll(tree, "SIGCONT");
  }
  const back = performance.now();
  await rowsSay(system.databaseUrl, userIds, false);
  return [
    measured("database away: clean leave → offline", 150, delays),
    measured("database back → rows caught up", 30_000, [performance.now() - back]),
  ];
}

async function rowsSay(databaseUrl: string, userIds: readonly string[], isOnline: boolean): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    await eventually(
      async () => {
        const { rows } = await client.query(
          `SELECT id FROM "User" WHERE id = ANY($1) AND "isOnline" IS DISTINCT FROM $2`,
          [userIds, isOnline],
        );
        return rows.length === 0;
      },
      { within: GIVEN_UP_MS, what: "the rows are right" },
    );
  } finally {
    await client.end();
  }
}

/** The broker is stopped: no user is declared offline because of it, and afterwards every view is right again. */
export async function natsAway({ nats, viewers, take, arrive }: Stage): Promise<Sample> {
  const userIds = take(20);
  const clients = await arrive(userIds, 0);
  const departures = () => viewers.reduce((total, viewer) => total + viewer.departures(), 0);
  const before = departures();
  await nats.kill("SIGSTOP");
  await pause(NATS_AWAY_MS);
  await nats.kill("SIGCONT");
  const since = performance.now();
  const newcomers = take(5);
  const late = await arrive(newcomers, 1);
  await untilSeen(viewers, userIds, true, { since, withinMs: GIVEN_UP_MS });
  const delay = performance.now() - since;
  if (departures() > before) throw new Error(`${departures() - before} were declared offline because of it`);
  closeAll([...clients, ...late]);
  await untilSeen(viewers, [...userIds, ...newcomers], false, { since, withinMs: GIVEN_UP_MS });
  return measured(
    "NATS back → fresh, a newcomer seen, no user offline because of it",
    3 * TIMES.gatewayLeaseMs,
    [delay],
  );
}

/** The broker comes back without anything it had; some have gone meanwhile. Again and again. */
export async function logWiped(stage: Stage): Promise<Sample> {
  const delays: number[] = [];
  for (let round = 0; round < WIPES; round++) delays.push(await wipe(stage));
  return measured("log wiped → views right", WIPED_MS, delays);
}

async function wipe({ system, nats, viewers, take, arrive }: Stage): Promise<number> {
  await servingWorkers(system.stack);
  const staying = take(20);
  const leaving = take(10);
  const stays = await arrive(staying, 0);
  const leaves = await arrive(leaving, 1);
  await nats.kill("SIGKILL");
  await rm(nats.storeDir, { recursive: true, force: true });
  for (const { raw } of leaves) raw.leave();
  await nats.restart();
  const since = performance.now();
  await untilSeen(viewers, leaving, false, { since, withinMs: GIVEN_UP_MS });
  await untilSeen(viewers, staying, true, { since, withinMs: GIVEN_UP_MS });
  const delay = performance.now() - since;
  closeAll(stays);
  await untilSeen(viewers, staying, false, { since, withinMs: GIVEN_UP_MS });
  return delay;
}
