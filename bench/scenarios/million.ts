import { setTimeout as pause } from "node:timers/promises";
import { toBytes } from "@meeshy/shared/nats/last-value";
import { PARTITIONS, partitionSubject } from "@meeshy/shared/subjects";
import { connectedEvent, createLogFiller } from "../fleet/log-events.ts";
import { cpuOf } from "../measure/cpu.ts";
import { residentBytes } from "../measure/memory.ts";
import type { Outcome, Scenario } from "../scenario.ts";
import { type LogServers, startLogServers } from "../systems/log-servers.ts";
import { startWorker, type WorkerProcess } from "../systems/worker.ts";

const USERS = 1_000_000;
const SWEPT_MS = 30_000;
const TICK_MS = 500;
const STEP_WITHIN_MS = 900_000;
const START_WITHIN_MS = 300_000;
const LOOK_MS = 500;
const NODE_ARGS = ["--max-old-space-size=8192"];

/** One worker process with a million people online: how it comes up, and what looking after them costs. */
export const million: Scenario = {
  name: "million",
  title:
    "one worker, a million users online through JetStream: start from the checkpoint, sweep of the deadlines",
  isApart: true,
  async run(tools): Promise<Outcome> {
    const { say } = tools;
    const servers = await startLogServers(tools, USERS);
    // No user may time out while others still connect.
    const options = {
      nodeArgs: NODE_ARGS,
      readyWithinMs: STEP_WITHIN_MS,
      env: { OFFLINE_THRESHOLD_MS: "86400000" },
    };
    const first = tools.keep(await startWorker(servers, options));
    const filling = performance.now();
    const log = createLogFiller(servers.link, "g_bench");
    await log.fill({ from: 0, to: USERS }, (n) => connectedEvent(n, log.gatewayId));
    say(`a million connects are in the log after ${seconds(filling)} s`);
    await first.settled(servers.link, log.ends, STEP_WITHIN_MS);
    const shown = await first.metric("meeshy_users_online_total");
    if (shown !== USERS) throw new Error(`${shown} of ${USERS} users are online when all is stored`);
    say(`all is stored after ${seconds(filling)} s`);
    const cameInSeconds = (performance.now() - filling) / 1_000;
    log.close();
    await first.stop();

    const starting = performance.now();
    const second = tools.keep(await startWorker(servers, options));
    const areOnline = () => second.metric("meeshy_users_online_total").catch(() => 0);
    // A worker is ready as soon as it serves; the last partition may still be loading.
    for (let online = await areOnline(); online !== USERS; online = await areOnline()) {
      if (performance.now() - starting > START_WITHIN_MS)
        throw new Error(`${online} of ${USERS} users are online after the restart`);
      await pause(LOOK_MS);
    }
    const startSeconds = (performance.now() - starting) / 1_000;
    say(`started from the checkpoint in ${startSeconds.toFixed(1)} s, sweeping for ${SWEPT_MS / 1_000} s`);
    const idle = await coresUsed(second, () => pause(SWEPT_MS));
    const atFirst = await coresUsed(second, () => sweep(servers, "s_first"));
    const swept = await coresUsed(second, () => sweep(servers, "s_then"));
    const figures = {
      "come in s": cameInSeconds,
      "start from checkpoint s": startSeconds,
      "sweeping % of a core": swept * 100,
      "the first 30 s %": atFirst * 100,
      "not swept % of a core": idle * 100,
      "resident B/user": residentBytes(second.pid) / USERS,
    };
    await second.stop();
    return {
      samples: [{ subject: "presence-worker", figures }],
      targets: [
        {
          what: "start from the checkpoint with a million users, s",
          measured: startSeconds,
          wants: "at most",
          bound: 20,
        },
        {
          what: "sweep of a million deadlines, % of a core",
          measured: swept * 100,
          wants: "at most",
          bound: 3,
        },
      ],
      notes: [
        "Sweeping: a timeout every 500 ms in each of the partitions, as a sweeper writes it; none is due.",
        "What loading a million records left behind is collected once, for some 2 s, before or in the first 30 s of it.",
      ],
    };
  },
};

const seconds = (since: number): string => ((performance.now() - since) / 1_000).toFixed(1);

async function coresUsed({ pid }: WorkerProcess, during: () => Promise<void>): Promise<number> {
  const before = { cpu: cpuOf([pid]), at: performance.now() };
  await during();
  return (cpuOf([pid]) - before.cpu) / ((performance.now() - before.at) * 1_000);
}

async function sweep({ link }: LogServers, sweeperId: string): Promise<void> {
  const since = performance.now();
  for (let turn = 1; turn <= SWEPT_MS / TICK_MS; turn++) {
    const event = { type: "timeout", sweeperId, elapsed: performance.now() - since };
    for (let p = 0; p < PARTITIONS; p++) link.nc.publish(partitionSubject("sweep", p), toBytes({ event }));
    await pause(Math.max(0, since + turn * TICK_MS - performance.now()));
  }
}
