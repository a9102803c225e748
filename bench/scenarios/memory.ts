import { setTimeout as pause } from "node:timers/promises";
import { closeAll, openClients } from "../fleet/clients.ts";
import { planAudience } from "../fleet/world.ts";
import { residentBytes } from "../measure/memory.ts";
import { targetOf } from "../report/figures.ts";
import type { Outcome, Sample, Scenario, Tools } from "../scenario.ts";
import type { System, SystemKind } from "../systems/system.ts";
import { eachRound } from "./rounds.ts";

const CONNECTIONS = 3_000;
const KINDS: SystemKind[] = ["meeshy", "redis pattern", "bare Socket.IO"];
/** Long enough for what the connects have left behind to be collected, as far as an idle process does that. */
const SETTLE_MS = 5_000;

/** What an idle connection costs its front process, and a connected user all processes together. */
export const memory: Scenario = {
  name: "memory",
  title: `${CONNECTIONS.toLocaleString("en-US")} idle connections in rooms of 10: resident memory of each`,
  async run(tools): Promise<Outcome> {
    const world = planAudience({ watchers: CONNECTIONS, roomSize: 10, subjects: 0 });
    const once = { ...tools, rounds: 1 };
    const { samples, notes } = await eachRound(once, KINDS, async (kind) => {
      const system = await tools.start(kind, world, { fronts: 1 });
      const figures = await measure(system, world.users, tools);
      await system.stop();
      return { subject: kind, figures };
    });
    return {
      samples,
      targets: [
        targetOf(samples, {
          what: "resident memory of an idle connection, gateway, kB",
          ...{ subject: "meeshy", figure: "front kB/connection", wants: "at most", bound: 45 },
        }),
      ],
      notes: [
        "Resident memory, garbage included. All processes: also workers, brokers and databases.",
        ...notes,
      ],
    };
  },
};

async function measure(system: System, users: readonly string[], { say }: Tools): Promise<Sample["figures"]> {
  const sum = (pids: readonly number[]) => pids.reduce((total, pid) => total + residentBytes(pid), 0);
  const before = { fronts: sum(system.fronts()), all: sum(system.pids()) };
  const clients = await openClients(system, users);
  say(`${clients.length} connections are idle`);
  await pause(SETTLE_MS);
  const after = { fronts: sum(system.fronts()), all: sum(system.pids()) };
  closeAll(clients);
  return {
    "front kB/connection": (after.fronts - before.fronts) / 1_024 / CONNECTIONS,
    "all kB/user": (after.all - before.all) / 1_024 / CONNECTIONS,
    "front MB before": before.fronts / 2 ** 20,
  };
}
