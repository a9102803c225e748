import type { Outcome, Sample, Scenario, Tools } from "../scenario.ts";
import { findNatsServers, type NatsProgram } from "../systems/nats-servers.ts";
import { LOOP_WORLD, measureLoop } from "./closed-loop.ts";
import { CONNECT_WORLD, measureConnect } from "./connect.ts";
import { measureWorker } from "./worker.ts";

/** The figures of each scenario that are worth a column: what the broker has a part in. */
const COLUMNS = {
  connect: ["p50 ms", "p99 ms", "server CPU µs/op"],
  "closed-loop": ["connects/s", "server CPU µs/op"],
  worker: ["events/CPU s", "wall s"],
} as const;

/** Meeshy alone, on one nats-server after the other, by turns: what depends on the broker's release. */
export const natsVersions: Scenario = {
  name: "nats-versions",
  title: "connect, closed-loop and worker on several nats-servers (--nats-server)",
  isApart: true,
  async run(tools): Promise<Outcome> {
    const { rounds, natsServers, say } = tools;
    const programs = await findNatsServers(natsServers, say);
    const samples: Sample[] = [];
    for (let round = 1; round <= rounds; round++) {
      for (const program of programs) {
        say(`round ${round} of ${rounds}: ${program.name}`);
        samples.push({ subject: program.name, figures: await measureOn(program, tools) });
      }
    }
    return {
      samples,
      targets: [],
      notes: [
        ...programs.map(({ name, path }) => `${name}: ${path}`),
        "Server CPU: gateways, worker, sweeper, nats-server and PostgreSQL. Worker: CPU of the worker alone.",
      ],
    };
  },
};

async function measureOn({ path }: NatsProgram, tools: Tools): Promise<Sample["figures"]> {
  const env = { NATS_SERVER_BIN: path };
  const forConnect = await tools.start("meeshy", CONNECT_WORLD, { env });
  const connect = await measureConnect(forConnect, tools);
  await forConnect.stop();
  const forLoop = await tools.start("meeshy", LOOP_WORLD, { env });
  const loop = await measureLoop(forLoop);
  await forLoop.stop();
  const worker = await measureWorker(tools, path);
  return {
    ...pick("connect", connect),
    ...pick("closed-loop", loop),
    ...pick("worker", worker),
  };
}

/** The columns of one scenario, with its name before them. */
function pick(scenario: keyof typeof COLUMNS, figures: Sample["figures"]): Record<string, number> {
  return Object.fromEntries(
    COLUMNS[scenario].map((figure) => [`${scenario}: ${figure}`, figures[figure] ?? Number.NaN]),
  );
}
