import { setTimeout as pause } from "node:timers/promises";
import { eventually } from "@meeshy/shared/testing/eventually";
import { durations, percentile } from "../../chaos/report/stats.ts";
import { openEach, stockRetryMs } from "../fleet/clients.ts";
import { openViewer, untilSeen, type Viewer } from "../fleet/viewers.ts";
import { named, type World } from "../fleet/world.ts";
import { worstOf } from "../report/figures.ts";
import type { Outcome, Sample, Scenario, Target, Tools } from "../scenario.ts";
import type { System } from "../systems/system.ts";
import { eachRound } from "./rounds.ts";
import { createProbes, type Probes } from "./storm/probes.ts";

const SOCKETS = 1_000;
const ROOM_SIZE = 10;
const OBSERVERS = 20;
const PROBES = 10;
/** Of those whose front is killed, how many share a conversation with a probe. */
const LISTENERS = 50;
const STRUCK = 0;
const OTHER = 1;
const QUIET_MS = 3_000;
const OPEN_WITHIN_MS = 30_000;
const BACK_WITHIN_MS = 60_000;
/** Lease + grace + 2 s, and some: by then a false departure would have been seen. */
const WATCHED_MS = 15_000;

/** A front process is killed; every socket of it comes back to it, while other people's changes are looked at. */
export const storm: Scenario = {
  name: "storm",
  title: `kill -9 of one of two front processes, its ${SOCKETS.toLocaleString("en-US")} sockets come back as stock clients do`,
  async run(tools): Promise<Outcome> {
    const world = planStorm();
    const { samples, notes } = await eachRound(tools, ["meeshy", "redis pattern"], async (kind) => {
      const system = await tools.start(kind, world);
      const figures = await measure(system, world, tools);
      await system.stop();
      return { subject: kind, figures };
    });
    return { samples, targets: targetsOf(samples), notes: [...NOTES, ...notes] };
  },
};

const NOTES = [
  "A supervisor starts the process again at once; clients try again after 1, 2, 4, 5 s, a half more or less, at the same front.",
  "False departures: a viewer, of either front, sees someone leave who did not. Back: from the kill to the snapshot.",
  "Quiet and storm: from a leave of somebody else, at the other front, to its receipt at viewers of the other and of the killed front.",
];

interface StormWorld extends World {
  /** whose front is killed */
  struck: string[];
  /** at the other front, each in some conversations of those */
  observers: string[];
  /** come and go at the other front */
  probes: string[];
}

function planStorm(): StormWorld {
  const struck = named("m", SOCKETS);
  const observers = named("o", OBSERVERS);
  const probes = named("p", PROBES);
  const members = new Map<string, string[]>();
  for (let room = 0; room * ROOM_SIZE < SOCKETS; room++) {
    const observer = observers[room % OBSERVERS] as string;
    members.set(`room${room}`, [...struck.slice(room * ROOM_SIZE, (room + 1) * ROOM_SIZE), observer]);
  }
  for (const [n, probe] of probes.entries()) {
    const listeners = struck.filter((_, m) => m % PROBES === n).slice(0, LISTENERS);
    members.set(`probe${n}`, [probe, ...listeners, ...observers]);
  }
  return { users: [...struck, ...observers, ...probes], members, struck, observers, probes };
}

async function measure(system: System, world: StormWorld, tools: Tools): Promise<Sample["figures"]> {
  const probes = createProbes(system, world.probes, OTHER);
  const { struck, observers } = await openViewers(system, world, probes, tools);
  probes.start();
  await pause(QUIET_MS);
  const quiet = { other: probes.take("other"), struck: probes.take("struck") };

  const people = new Set([...world.struck, ...world.observers]);
  const departures = () =>
    [...struck, ...observers].reduce((sum, viewer) => sum + viewer.departures((id) => people.has(id)), 0);
  // While all come at once, a peer's snapshot may be older than the status that was sent before it.
  const departuresBefore = departures();
  tools.say(`${struck.length} sockets are open, their front process is killed`);
  const killedAt = performance.now();
  const restarted = system.killFront(STRUCK);
  restarted.catch(() => {}); // awaited below
  const backAt = () => struck.map((viewer) => viewer.viewedAt() ?? 0).filter((at) => at > killedAt);
  const isOver = () => backAt().length === SOCKETS || performance.now() - killedAt > BACK_WITHIN_MS;
  await eventually(isOver, { within: 2 * BACK_WITHIN_MS, every: 50, what: "the storm is over" });
  const during = { other: probes.take("other"), struck: probes.take("struck") };
  const back = durations(backAt().map((at) => at - killedAt));
  const notBack = SOCKETS - backAt().length;
  await restarted;
  await pause(Math.max(0, killedAt + WATCHED_MS - performance.now()));
  await probes.stop("other", OBSERVERS);
  const falseDepartures = departures() - departuresBefore;
  for (const viewer of [...struck, ...observers]) viewer.stop();
  return {
    "false departures": falseDepartures,
    "not back": notBack,
    "probes refused": probes.refused(),
    "back p50 ms": back["p50 ms"] ?? Number.NaN,
    "back max ms": back["max ms"] ?? Number.NaN,
    "other, quiet p99 ms": percentile(quiet.other, 0.99),
    "other, storm p50 ms": percentile(during.other, 0.5),
    "other, storm p99 ms": percentile(during.other, 0.99),
    "killed, quiet p99 ms": percentile(quiet.struck, 0.99),
    "killed, storm p99 ms": percentile(during.struck, 0.99),
  };
}

/** Observers first, then those whose front is killed, fifty at once; resolves when all have a view. */
async function openViewers(
  system: System,
  world: StormWorld,
  probes: Probes,
  { keep }: Tools,
): Promise<{ observers: Viewer[]; struck: Viewer[] }> {
  const struck: Viewer[] = [];
  const onStatus = probes.noteAt("other");
  const observers = world.observers.map((userId) => openViewer(system, userId, OTHER, { onStatus }));
  keep({ stop: async () => [...observers, ...struck].forEach((viewer) => void viewer.stop()) });
  await untilSeen(observers, [], true, { since: performance.now(), withinMs: OPEN_WITHIN_MS });
  const options = {
    onStatus: probes.noteAt("struck"),
    retryMs: stockRetryMs,
    ...{ staysHome: true, isIdle: true },
  };
  await openEach(world.struck, async (userId) => {
    const viewer = openViewer(system, userId, STRUCK, options);
    struck.push(viewer);
    await eventually(viewer.isServed, { within: OPEN_WITHIN_MS, what: `${userId} has a view` });
  });
  return { observers, struck };
}

function targetsOf(samples: readonly Sample[]): Target[] {
  const none = (what: string, figure: string): Target => ({
    what,
    measured: worstOf(samples, "meeshy", figure),
    wants: "at most",
    bound: 0,
  });
  return [
    none("false departures seen in a reconnect storm, all rounds' worst", "false departures"),
    none("sockets that are not back after a minute, all rounds' worst", "not back"),
  ];
}
