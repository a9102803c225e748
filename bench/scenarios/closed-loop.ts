import { durations } from "../../chaos/report/stats.ts";
import { closeAll, openClients } from "../fleet/clients.ts";
import { planAudience, type World } from "../fleet/world.ts";
import { startCpuMeter } from "../measure/cpu.ts";
import { targetOf } from "../report/figures.ts";
import type { Outcome, Sample, Scenario, Target } from "../scenario.ts";
import { SYSTEM_KINDS, type System } from "../systems/system.ts";
import { eachRound } from "./rounds.ts";

const CONNECTS = 2_000;
/** Connects of the warm-up, excluded from the measurement. */
const WARM_UP = 1_000;
const ROOM_SIZE = 10;

export const LOOP_WORLD: World = planAudience({
  watchers: WARM_UP + CONNECTS,
  roomSize: ROOM_SIZE,
  subjects: 0,
});

/** The rate of connects when fifty are open at any time: each starts as soon as another is authenticated. */
export const closedLoop: Scenario = {
  name: "closed-loop",
  title: `closed loop of 50: ${CONNECTS} connects up to \`authenticated\`, rooms of ${ROOM_SIZE}`,
  async run(tools): Promise<Outcome> {
    const { samples, notes } = await eachRound(tools, SYSTEM_KINDS, async (kind) => {
      const system = await tools.start(kind, LOOP_WORLD);
      const figures = await measureLoop(system);
      await system.stop();
      return { subject: kind, figures };
    });
    return { samples, targets: targetsOf(samples), notes };
  },
};

/** On a system that was started with {@link LOOP_WORLD}. */
export async function measureLoop(system: System): Promise<Sample["figures"]> {
  const { users } = LOOP_WORLD;
  const first = await openClients(system, users.slice(0, WARM_UP));
  const cpu = startCpuMeter(system);
  const since = performance.now();
  const delays: number[] = [];
  let refused = 0;
  const clients = await openClients(system, users.slice(WARM_UP), () => {
    const openedAt = performance.now();
    return {
      onEvent(event) {
        if (event === "authenticated") delays.push(performance.now() - openedAt);
      },
      onClose: () => void refused++,
    };
  });
  const seconds = (performance.now() - since) / 1_000;
  const costs = cpu.per(CONNECTS);
  if (refused > 0 || delays.length !== CONNECTS)
    throw new Error(
      `${system.kind}: ${delays.length} of ${CONNECTS} were authenticated, ${refused} were closed`,
    );
  closeAll([...first, ...clients]);
  const { "max ms": _, ...percentiles } = durations(delays);
  return { "connects/s": CONNECTS / seconds, ...percentiles, ...costs };
}

function targetsOf(samples: readonly Sample[]): Target[] {
  return [
    targetOf(samples, {
      what: "connects/s, against 0.75 × the Redis pattern",
      ...{ subject: "meeshy", figure: "connects/s", wants: "at least" },
      bound: { subject: "redis pattern", times: 0.75 },
    }),
    targetOf(samples, {
      what: "connects/s",
      ...{ subject: "meeshy", figure: "connects/s", wants: "at least", bound: 1_000 },
    }),
    targetOf(samples, {
      what: "gateway CPU µs a connect, against 2 × bare Socket.IO with the JWT check",
      ...{ subject: "meeshy", figure: "front CPU µs/op", wants: "at most" },
      bound: { subject: "bare Socket.IO", times: 2 },
    }),
    targetOf(samples, {
      what: "CPU µs a connect, all servers",
      ...{ subject: "meeshy", figure: "server CPU µs/op", wants: "at most", bound: 1_500 },
    }),
  ];
}
