import { eventually } from "@meeshy/shared/testing/eventually";
import { openViewer } from "../fleet/viewers.ts";
import { named, type World } from "../fleet/world.ts";
import { figureOf } from "../report/figures.ts";
import type { Outcome, Sample, Scenario, Target, Tools } from "../scenario.ts";
import { RedisMissing } from "../systems/redis-binary.ts";
import { SYSTEM_KINDS, type SystemKind } from "../systems/system.ts";
import { comeBack, goForGood, loseStore, PARTS, type Part } from "./kill-9/deaths.ts";
import { freshView, type Watch } from "./kill-9/observe.ts";
import { TIMES } from "./recovery/stage.ts";

const PEOPLE = 50;
const VIEWERS = named("v", 4);
const NEWCOMER = "n0";
/** Others for each death, all in one conversation, which counts as small. */
const GROUPS = { returning: named("r", PEOPLE), gone: named("g", PEOPLE), kept: named("k", PEOPLE) };
const USERS = [...VIEWERS, NEWCOMER, ...Object.values(GROUPS).flat()];
const WORLD: World = { users: USERS, members: new Map([["everyone", USERS]]) };
const IN_WITHIN_MS = 30_000;

/** What each system makes of a kill -9 of the process that holds its users' sockets, and of its store. */
export const kill9: Scenario = {
  name: "kill-9",
  title: `what survives a kill -9: of a front process with ${PEOPLE} people, and of the store`,
  async run(tools): Promise<Outcome> {
    // All at once, since what is measured is seconds, and a peer is looked at for more than a minute.
    const runs = await Promise.allSettled(SYSTEM_KINDS.map((kind) => measure(kind, tools)));
    const notes = [...NOTES];
    const samples: Sample[] = [];
    for (const part of PARTS) {
      for (const [n, run] of runs.entries()) {
        if (run.status === "rejected") continue;
        const figures = run.value.get(part);
        if (figures) samples.push({ subject: subjectOf(part, SYSTEM_KINDS[n] as SystemKind), figures });
      }
    }
    for (const run of runs) {
      if (run.status === "fulfilled") continue;
      if (!(run.reason instanceof RedisMissing)) throw run.reason;
      notes.push(`redis pattern: not measured, ${run.reason.message}`);
    }
    return { samples, targets: targetsOf(samples), notes };
  },
};

const NOTES = [
  "Viewers are connected to the other front; where there is one process alone, to that one, and come back to it.",
  "A supervisor starts what was killed again at once. Fresh view: the snapshot of a client that connects then; bare sends none.",
  "Right: everyone is shown as they are, from then on to the end. No time: that was not so at the end, after 5 s (left), 70 s (gone)",
  "or 30 s (others). A viewer goes on showing what it saw last until it receives something else. Leases, grace and times to live are",
  "each system's defaults; the Redis of this scenario writes an append-only file. The Redis pattern keeps the entry of a lost",
  "socket until its key's time to live is over: until then the goodbye of the next socket is not its user's last.",
];

const subjectOf = (part: Part, kind: SystemKind): string => `${part}: ${kind}`;

async function measure(kind: SystemKind, { start, keep, say }: Tools): Promise<Map<Part, Sample["figures"]>> {
  const system = await start(kind, WORLD, { keepsStore: true });
  const front = system.urls.length - 1;
  const viewers = VIEWERS.map((userId) => openViewer(system, userId, front));
  keep({ stop: async () => viewers.forEach((viewer) => void viewer.stop()) });
  const areIn = () => viewers.every((viewer) => viewer.isIn());
  await eventually(areIn, { within: IN_WITHIN_MS, what: `${kind}: the viewers are in` });
  const sendsViews = (await freshView(system, NEWCOMER, front)) !== undefined;
  const watch: Watch = { system, front, viewers, newcomer: sendsViews ? NEWCOMER : undefined };

  say(`${kind}: a front is killed, its people come back`);
  const back = await comeBack(watch, GROUPS.returning);
  say(`${kind}: a front is killed, its people stay away`);
  const gone = await goForGood(watch, GROUPS.gone);
  say(`${kind}: the store is killed`);
  const kept = await loseStore(watch, GROUPS.kept);
  // A front that ended by itself is started by no supervisor, and the figures would be those of its absence: this throws.
  for (const pid of system.fronts()) process.kill(pid, 0);
  for (const viewer of viewers) viewer.stop();
  await system.stop();
  return new Map([...back, ...gone, ...kept]);
}

function targetsOf(samples: readonly Sample[]): Target[] {
  const ours = (part: Part, figure: string, what: string, bound: number): Target => ({
    what,
    measured: figureOf(samples, subjectOf(part, "meeshy"), figure),
    wants: "at most",
    bound,
  });
  const promisedS = (TIMES.gatewayLeaseMs + TIMES.graceMs + 2_000) / 1_000;
  return [
    ours("back at once", "false departures", "false departures of people who come back at once", 0),
    ours(
      "gone for good",
      "viewers right after s",
      "people who do not come back: offline to all, s",
      promisedS,
    ),
    ours("gone for good", "viewers wrong at the end", "people who do not come back: still online", 0),
    ours("store killed", "false departures", "false departures while the store is killed", 0),
    ours(
      "store killed, then left",
      "viewers wrong at the end",
      "people who left after that: still online",
      0,
    ),
  ];
}
