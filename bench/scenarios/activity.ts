import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { type BenchClient, closeAll, openClients } from "../fleet/clients.ts";
import { planAudience } from "../fleet/world.ts";
import { figureOf } from "../report/figures.ts";
import type { Outcome, Sample, Scenario, Tools } from "../scenario.ts";
import type { System } from "../systems/system.ts";

const USERS = 1_000;
const WINDOW_MS = 30_000;
/** A turn of all users, one activity each, in slices. */
const TURN_MS = 1_000;
const SLICES = 20;
/** PostgreSQL publishes a connection's statistics after ten idle seconds. */
const STATISTICS_MS = 11_000;

/** Every user is active once a second: how many statements reach the database. */
export const activity: Scenario = {
  name: "activity",
  title: `${USERS.toLocaleString("en-US")} users, one activity a second each: database statements a minute`,
  async run(tools): Promise<Outcome> {
    const world = planAudience({ watchers: USERS, roomSize: 10, subjects: 0 });
    // Both run at once: statements are counted, not timed.
    const systems = await Promise.all([
      tools.start("meeshy", world, { env: { ACTIVITY_THROTTLE_MS: String(WINDOW_MS) } }),
      tools.start("monolith", world),
    ]);
    const samples = await Promise.all(systems.map((system) => measure(system, world.users, tools)));
    const perMinute = "statements/min";
    return {
      samples,
      targets: [
        {
          what: "database statements, monolith ÷ Meeshy",
          measured: figureOf(samples, "monolith", perMinute) / figureOf(samples, "meeshy", perMinute),
          wants: "at least",
          bound: 20,
        },
      ],
      notes: [
        `Transactions of pg_stat_database in ${WINDOW_MS / 1_000} s; all statements of both commit by themselves. Meeshy's throttle is`,
        `set to those ${WINDOW_MS / 1_000} s, half of its default, so that the window holds a whole turn of it.`,
      ],
    };
  },
};

async function measure(system: System, users: readonly string[], { say }: Tools): Promise<Sample> {
  const clients = await openClients(system, users);
  await pause(STATISTICS_MS);
  const before = await statements(system);
  say(`${system.kind}: ${clients.length} people are active`);
  const acted = await act(clients);
  await pause(STATISTICS_MS);
  const count = (await statements(system)) - before - 1; // one was the counting before
  closeAll(clients);
  await system.stop();
  return {
    subject: system.kind,
    figures: {
      "activities/s": acted / (WINDOW_MS / 1_000),
      "statements/min": count / (WINDOW_MS / 60_000),
    },
  };
}

/** Gives how many activities were acknowledged. */
async function act(clients: readonly BenchClient[]): Promise<number> {
  const answers: Promise<{ success: boolean }>[] = [];
  const since = performance.now();
  const slice = clients.length / SLICES;
  for (let turn = 0; turn < (WINDOW_MS / TURN_MS) * SLICES; turn++) {
    const from = (turn % SLICES) * slice;
    for (const { raw } of clients.slice(from, from + slice)) answers.push(raw.request("activity"));
    await pause(Math.max(0, since + ((turn + 1) * TURN_MS) / SLICES - performance.now()));
  }
  const given = await Promise.all(answers);
  return given.filter(({ success }) => success).length;
}

async function statements({ databaseUrl }: System): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ total: string }>(
      "SELECT xact_commit + xact_rollback AS total FROM pg_stat_database WHERE datname = current_database()",
    );
    return Number(rows[0]?.total);
  } finally {
    await client.end();
  }
}
