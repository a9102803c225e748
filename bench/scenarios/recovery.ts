import { startNats } from "@meeshy/shared/testing/servers";
import { openViewer, untilSeen } from "../fleet/viewers.ts";
import type { Outcome, Sample, Scenario, Tools } from "../scenario.ts";
import { startMeeshy } from "../systems/meeshy.ts";
import { cleanLeave, idle, silentLoss, tabClosed } from "./recovery/departures.ts";
import {
  allGatewaysKilled,
  databaseAway,
  gatewayKilled,
  logWiped,
  natsAway,
  workerKilled,
} from "./recovery/faults.ts";
import { createStage, GIVEN_UP_MS, measured, type Stage, TIMES } from "./recovery/stage.ts";

const VIEWERS = ["v0", "v1", "v2", "v3"];
const PEOPLE = Array.from({ length: 800 }, (_, n) => `p${n}`);
/** Every user is a contact of the viewers, in rooms that count as small. */
const ROOM_SIZE = 150;

/** The guarantees of CONTRACT 9, each beside what was measured. */
export const recovery: Scenario = {
  name: "recovery",
  title: "the guarantees, promised and measured: 2 gateways, 2 workers, 4 viewers",
  async run(tools): Promise<Outcome> {
    const toViewers: number[] = [];
    const stage = await setUp(tools, (at) => toViewers.push(Date.now() - at));
    const samples: Sample[] = await Promise.all([
      idle(stage),
      cleanLeave(stage),
      tabClosed(stage),
      silentLoss(stage),
    ]);
    samples.unshift(measured("change → viewers", 100, [...toViewers]));
    for (const measure of [gatewayKilled, workerKilled, natsAway, logWiped, allGatewaysKilled]) {
      tools.say(measure.name);
      samples.push(await measure(stage));
    }
    tools.say(databaseAway.name);
    samples.push(...(await databaseAway(stage)));
    return {
      samples,
      targets: samples.map(({ subject, figures }) => ({
        what: `${subject}, p95 ms`,
        measured: figures["p95 ms"] ?? Number.NaN,
        wants: "at most",
        bound: figures["promise ms"] ?? Number.NaN,
      })),
      notes: [
        `Defaults, but for a heartbeat of ${TIMES.pingMs} + ${TIMES.pingTimeoutMs} ms and an idle threshold of ${TIMES.thresholdMs} ms;`,
        "promises are scaled with them. Change → viewers: broker time of the transition to the viewer's socket.",
      ],
    };
  },
};

async function setUp(tools: Tools, onChange: (at: number) => void): Promise<Stage> {
  const members = new Map<string, string[]>();
  for (let from = 0; from < PEOPLE.length; from += ROOM_SIZE)
    members.set(`room${from}`, [...VIEWERS, ...PEOPLE.slice(from, from + ROOM_SIZE)]);
  const nats = tools.keep(await startNats());
  const system = tools.keep(
    await startMeeshy(
      { users: [...VIEWERS, ...PEOPLE], members },
      {
        fronts: 2,
        workers: 2,
        env: {
          NATS_URL: nats.url,
          PING_INTERVAL_MS: String(TIMES.pingMs),
          PING_TIMEOUT_MS: String(TIMES.pingTimeoutMs),
          OFFLINE_THRESHOLD_MS: String(TIMES.thresholdMs),
          ACTIVITY_THROTTLE_MS: "3000",
        },
      },
    ),
  );
  const viewers = VIEWERS.map((userId, n) =>
    openViewer(system, userId, n, {
      onStatus: ({ at }) => {
        if (at !== null) onChange(Date.parse(at));
      },
    }),
  );
  tools.keep({ stop: async () => viewers.forEach((viewer) => void viewer.stop()) });
  await untilSeen(viewers, [], true, { since: performance.now(), withinMs: GIVEN_UP_MS });
  return createStage({ system, nats, viewers, people: PEOPLE, say: tools.say });
}
