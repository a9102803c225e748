import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "@meeshy/shared/testing/eventually";
import { openClient, openEach, stockRetryMs } from "../fleet/clients.ts";
import { planAudience } from "../fleet/world.ts";
import { figureOf } from "../report/figures.ts";
import type { Outcome, Sample, Scenario, Target, Tools } from "../scenario.ts";
import type { System } from "../systems/system.ts";
import { eachRound } from "./rounds.ts";

const SOCKETS = 2_000;
const ROOM_SIZE = 10;
const BACK_WITHIN_MS = 60_000;
const QUIET_MS = 3_000;

/** One of two front processes is restarted in good order, as in a deployment; its clients come back by themselves. */
export const restart: Scenario = {
  name: "restart",
  title: `restart of one of two front processes, ${SOCKETS.toLocaleString("en-US")} sockets in rooms of ${ROOM_SIZE}`,
  async run(tools): Promise<Outcome> {
    const once = { ...tools, rounds: 1 };
    const { samples, notes } = await eachRound(once, ["meeshy", "redis pattern"], async (kind) => {
      const world = planAudience({ watchers: SOCKETS, roomSize: ROOM_SIZE, subjects: 0 });
      const system = await tools.start(kind, world);
      const figures = await measure(system, world.users, tools);
      await system.stop();
      return { subject: kind, figures };
    });
    return {
      samples,
      targets: targetsOf(samples),
      notes: [
        "A flap: one viewer is shown a user offline who never left. Clients wait as socket.io-client does, and",
        "come back to the other process first, as behind a balancer.",
        ...notes,
      ],
    };
  },
};

async function measure(
  system: System,
  userIds: readonly string[],
  { say }: Tools,
): Promise<Sample["figures"]> {
  const fleet = createFleet(system);
  await fleet.openAll(userIds);
  await fleet.calm();
  say(`${SOCKETS} sockets are open, a front process restarts`);
  const before = { ...fleet.count, bytes: fleet.bytes() };
  const since = performance.now();
  const restarting = system.restartFront(0);
  const isBack = () => fleet.count.lost > before.lost && fleet.open() === SOCKETS;
  await eventually(isBack, { within: BACK_WITHIN_MS, what: `${system.kind}: all ${SOCKETS} are back` });
  const backMs = performance.now() - since;
  await restarting;
  await fleet.calm();
  const figures = {
    "sockets lost": fleet.count.lost - before.lost,
    flaps: fleet.count.offlines - before.offlines,
    "statuses sent": fleet.count.statuses - before.statuses,
    "MB sent": (fleet.bytes() - before.bytes) / 1e6,
    "all back ms": backMs,
  };
  fleet.close();
  return figures;
}

/** Clients that reconnect when they are dropped, and what they received. */
function createFleet(system: System) {
  const count = { lost: 0, offlines: 0, statuses: 0 };
  const open = new Map<string, { bytesRead(): number; vanish(): void }>();
  let bytesOfLost = 0;
  let lastAt = performance.now();
  let closed = false;

  const enter = (userId: string, front: number, attempt: number): Promise<void> => {
    const client = openClient(system, userId, front, {
      onStatus(status, at) {
        lastAt = at;
        count.statuses++;
        if (!status.isOnline) count.offlines++;
      },
      onClose() {
        bytesOfLost += client.raw.bytesRead();
        const wasOpen = open.delete(userId);
        if (closed) return;
        if (wasOpen) count.lost++;
        const next = wasOpen ? 0 : attempt + 1;
        setTimeout(() => void enter(userId, front + 1, next).catch(() => {}), stockRetryMs(next));
      },
    });
    return client.authenticated.then(() => void open.set(userId, client.raw));
  };
  return {
    count,
    open: () => open.size,
    bytes: () => [...open.values()].reduce((total, raw) => total + raw.bytesRead(), bytesOfLost),
    openAll: (userIds: readonly string[]) => openEach(userIds, (userId, n) => enter(userId, n, 0)),
    async calm() {
      lastAt = performance.now();
      while (performance.now() - lastAt < QUIET_MS) await pause(50);
    },
    close() {
      closed = true;
      for (const raw of [...open.values()]) raw.vanish();
    },
  };
}

function targetsOf(samples: readonly Sample[]): Target[] {
  return [
    {
      what: "flaps seen at a restart",
      measured: figureOf(samples, "meeshy", "flaps"),
      wants: "at most",
      bound: 0,
    },
  ];
}
