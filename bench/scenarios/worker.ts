import type { UserEvent } from "@meeshy/shared/events";
import { bucketStream } from "@meeshy/shared/nats/streams";
import { BUCKET_STATE, STREAM_STATUS } from "@meeshy/shared/subjects";
import pg from "pg";
import { connectedEvent, createLogFiller } from "../fleet/log-events.ts";
import type { LogEnds } from "../measure/checkpoints.ts";
import { cpuOf } from "../measure/cpu.ts";
import { createHeapProbe } from "../probes/heap.ts";
import { targetOf } from "../report/figures.ts";
import type { Outcome, Sample, Scenario, Tools } from "../scenario.ts";
import { type LogServers, startLogServers } from "../systems/log-servers.ts";
import { startWorker } from "../systems/worker.ts";

const USERS = 30_000;
const ACTIVITIES = 3;
const LEAVERS = USERS / 2;
/** How many come and go before the heap is measured: others, and enough to fill what is kept of the last statements. */
const FORERUNNERS = USERS / 2;
const EVENTS = USERS * (1 + ACTIVITIES) + LEAVERS;
const THROUGH_WITHIN_MS = 120_000;
const SUBJECT = "presence-worker";

/** What one core of a worker carries: from the log to stored statuses, records, rows and checkpoints. */
export const worker: Scenario = {
  name: "worker",
  title: `a worker on a log of ${EVENTS.toLocaleString("en-US")} events of ${USERS.toLocaleString("en-US")} users`,
  async run(tools): Promise<Outcome> {
    const samples: Sample[] = [];
    for (let round = 0; round < tools.rounds; round++)
      samples.push({ subject: SUBJECT, figures: await measureWorker(tools) });
    const heap = await measureHeap(tools);
    samples.push({ subject: SUBJECT, figures: heap });
    return {
      samples,
      targets: [
        targetOf(samples, {
          what: "events a second of CPU, all stored",
          ...{ subject: SUBJECT, figure: "events/CPU s", wants: "at least", bound: 50_000 },
        }),
        {
          what: "bytes of heap an online user",
          measured: heap["B/online user"],
          wants: "at most",
          bound: 800,
        },
        {
          what: "bytes of heap an offline user",
          measured: heap["B/offline user"],
          wants: "at most",
          bound: 8,
        },
      ],
      notes: [
        `A user: a connect, ${ACTIVITIES} activities, and half of them a goodbye. CPU without the start of the process,`,
        "which is taken from a start on an empty log; statuses, records, rows and checkpoints are stored.",
      ],
    };
  },
};

/** Writes the parts of the users' story into the log, one part of all users after the other. */
async function writeLog({ link }: LogServers, gatewayId: string, parts: Part[]): Promise<LogEnds> {
  const log = createLogFiller(link, gatewayId);
  for (const { users, eventOf } of parts) await log.fill(users, eventOf);
  log.close();
  return log.ends;
}

interface Part {
  /** whom it is about: from the first to before the last */
  users: { from: number; to: number };
  eventOf: (n: number) => UserEvent;
}

const ALL_USERS = { from: 0, to: USERS };
const arrive = (users = ALL_USERS): Part => ({ users, eventOf: (n) => connectedEvent(n, "g_bench") });
const act = (users = ALL_USERS): Part => ({ users, eventOf: () => ({ type: "activity" }) });
const leave = (users = ALL_USERS): Part => ({
  users,
  eventOf: (n) => ({ type: "disconnected", connectionId: `c${n}`, reason: "client namespace disconnect" }),
});

/** Reads the log of everyone's story, on the nats-server of this path, or the one that is found. */
export async function measureWorker(tools: Tools, natsServer?: string): Promise<Sample["figures"]> {
  const servers = await startLogServers(tools, USERS, natsServer);
  const idle = tools.keep(await startWorker(servers));
  const startCpu = cpuOf([idle.pid]);
  await idle.stop();
  const ends = await writeLog(servers, "g_bench", [
    arrive(),
    ...Array.from({ length: ACTIVITIES }, () => act()),
    leave({ from: 0, to: LEAVERS }),
  ]);
  tools.say("the log is filled, a worker reads it");
  const since = performance.now();
  const running = tools.keep(await startWorker(servers));
  await running.settled(servers.link, ends, THROUGH_WITHIN_MS);
  const seconds = (performance.now() - since) / 1_000;
  const cpuSeconds = (cpuOf([running.pid]) - startCpu) / 1_000_000;
  await assertStored(servers);
  await running.stop();
  await servers.stop();
  return {
    "events/CPU s": EVENTS / cpuSeconds,
    "CPU µs/event": (cpuSeconds / EVENTS) * 1e6,
    "wall s": seconds,
  };
}

/** What was counted must also be there: statuses of all, records of those who stayed, rows of both. */
async function assertStored({ link, databaseUrl }: LogServers): Promise<void> {
  const messagesOf = async (stream: string, subject: string) => {
    const { state } = await link.jsm.streams.info(stream, { subjects_filter: subject });
    return Object.keys(state.subjects ?? {}).length;
  };
  const statuses = await messagesOf(STREAM_STATUS, "presence.set.*");
  const records = await messagesOf(bucketStream(BUCKET_STATE), "$KV.>");
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ online: number; shown: number }>(
    `SELECT count(*) FILTER (WHERE "isOnline")::int AS online,
            count(*) FILTER (WHERE "presenceVersion" > 0)::int AS shown FROM "User"`,
  );
  await client.end();
  const { online, shown } = rows[0] ?? { online: 0, shown: 0 };
  const stayed = USERS - LEAVERS;
  if (statuses !== USERS || records < stayed || online !== stayed || shown !== USERS)
    throw new Error(`not all is stored: ${JSON.stringify({ statuses, records, online, shown })}`);
}

/**
 * The heap without garbage: without users, with all online, with all offline. Others have come and gone
 * before: what a process compiles and sets up at first use is no user's.
 */
async function measureHeap(tools: Tools): Promise<Record<"B/online user" | "B/offline user", number>> {
  const servers = await startLogServers(tools, USERS + FORERUNNERS);
  const probe = createHeapProbe();
  const running = tools.keep(await startWorker(servers, probe));
  const play = async (gatewayId: string, parts: Part[]) => {
    const ends = await writeLog(servers, gatewayId, parts);
    await running.settled(servers.link, ends, THROUGH_WITHIN_MS);
  };
  const heapAfterLeaving = async (gatewayId: string, users: Part["users"]) => {
    await play(gatewayId, [leave(users)]);
    await running.emptied(THROUGH_WITHIN_MS);
    return probe.settled(running.pid);
  };
  const forerunners = { from: USERS, to: USERS + FORERUNNERS };
  await play("g_first", [arrive(forerunners), act(forerunners)]);
  const empty = await heapAfterLeaving("g_second", forerunners);
  await play("g_bench", [arrive(), act()]);
  const online = await probe.settled(running.pid);
  const offline = await heapAfterLeaving("g_other", ALL_USERS);
  await running.stop();
  await servers.stop();
  return { "B/online user": (online - empty) / USERS, "B/offline user": (offline - empty) / USERS };
}
