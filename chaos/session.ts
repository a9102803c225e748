import type { RunningStack } from "@meeshy/shared/testing/stack";
import pg from "pg";
import { openBackend } from "./fleet/backend.ts";
import { type Fleet, startFleet } from "./fleet/fleet.ts";
import { insertPopulation } from "./fleet/insert.ts";
import { planPopulation } from "./fleet/population.ts";
import { createRecorder, type Recorder } from "./fleet/recorder.ts";
import { watchStalls } from "./fleet/stalls.ts";
import { readRows } from "./oracle/database.ts";
import type { History } from "./oracle/history.ts";
import { covers } from "./oracle/intervals.ts";
import { mixedTimes } from "./oracle/windows.ts";
import type { Random } from "./random.ts";
import { createLook, type Look } from "./recovery.ts";
import { type ChaosStack, type Means, startChaosStack } from "./stack/chaos-stack.ts";
import { environmentOf, TIMES } from "./times.ts";

/** A running stack with clients on it, and everything that is written down of them. */
export interface Session {
  stack: ChaosStack;
  pool: pg.Pool;
  history: History;
  recorder: Recorder;
  fleet: Fleet;
  look: Look;
  /** Ends the clients and lets go of the database; the stack goes on. */
  close(): Promise<void>;
}

export interface SessionOptions {
  clients: number;
  seed: number;
  random: Random;
  /** variables for the services on top of the run's own */
  env: Record<string, string>;
  /** what the faults of the run need */
  means: ReadonlySet<Means>;
  /** how long the run will take, ms */
  withinMs: number;
  say(line: string): void;
  /** Called as soon as the stack runs: the caller must stop it. */
  onStack(stack: RunningStack): void;
}

const GATEWAYS = 2;
const WORKERS = 3;
const SWEEPERS = 2;
const READ_EVERY_MS = 1_000;
const ANSWER_WITHIN_MS = 2_000;

export async function openSession(options: SessionOptions): Promise<Session> {
  const { say, seed } = options;
  say(`starting ${GATEWAYS} gateways, ${WORKERS} workers, ${SWEEPERS} sweepers, nats-server and PostgreSQL`);
  const { means, withinMs } = options;
  const stack = await startChaosStack({
    ...{ gateways: GATEWAYS, workers: WORKERS, sweepers: SWEEPERS, means, withinMs },
    env: { ...environmentOf(TIMES), ...options.env },
  });
  options.onStack(stack);
  for (const [name, why] of stack.missing) say(`no ${name}, so its faults are skipped: ${why}`);

  const pool = new pg.Pool({
    connectionString: stack.read().database.url,
    max: 1,
    connectionTimeoutMillis: ANSWER_WITHIN_MS,
    query_timeout: ANSWER_WITHIN_MS,
  });
  // A connection that dies idle is the work of a fault.
  pool.on("error", () => {});
  const population = planPopulation(options.clients, GATEWAYS, options.random);
  await insertPopulation(pool, population);

  const history: History = {
    times: TIMES,
    sweepers: SWEEPERS,
    members: population.members,
    connections: [],
    sessions: [],
    choices: [],
    messages: [],
    faults: [],
    stalls: [],
    reads: [],
  };
  const recorder = createRecorder(history);
  const endStalls = watchStalls(history.stalls);
  const endReads = readEvery(READ_EVERY_MS, pool, history);
  const token = (userId: string) => stack.token({ id: userId, username: userId, role: "USER" });
  const { url, credentials } = stack.read().nats;
  if (!credentials.service) throw new Error("stack.json names no user of the broker for services");
  const backend = await openBackend({ nats: { url, ...credentials.service }, token });
  const fleet = startFleet({
    ...{ population, gateways: stack.urls, times: TIMES, seed, recorder, token, backend },
    isMixed: () => covers(mixedTimes(history.faults), performance.now(), performance.now()),
  });
  const { clients, users, members, kept, choosing } = population;
  say(
    `${clients.length} clients of ${users.length} people in ${members.size} conversations arrive; services keep ${kept.length} online, and choices are made for ${choosing.length}`,
  );
  return {
    ...{ stack, pool, history, recorder, fleet },
    look: createLook(history, fleet),
    async close() {
      fleet.stop();
      await backend.close();
      endStalls();
      await endReads();
      await pool.end();
    },
  };
}

/** Reads the rows again and again; while the database is away there is nothing to read. */
function readEvery(ms: number, pool: pg.Pool, { reads }: History): () => Promise<void> {
  let reading: Promise<void> | undefined;
  const timer = setInterval(() => {
    reading ??= readRows(pool)
      .then(
        (read) => void reads.push(read),
        () => {},
      )
      .finally(() => {
        reading = undefined;
      });
  }, ms);
  return async () => {
    clearInterval(timer);
    await reading;
  };
}
