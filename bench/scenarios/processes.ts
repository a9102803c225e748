import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { openNats } from "@meeshy/shared/nats/connect";
import { toBytes } from "@meeshy/shared/nats/last-value";
import { statusSetSubject } from "@meeshy/shared/subjects";
import { treeOf } from "../../chaos/faults/process-tree.ts";
import { type BenchClient, closeAll, openClients } from "../fleet/clients.ts";
import { createLatch } from "../fleet/latch.ts";
import { planRooms, roomOfSize, type World } from "../fleet/world.ts";
import { startCpuMeter } from "../measure/cpu.ts";
import { statusOf } from "../peers/status.ts";
import type { Outcome, Sample, Scenario, Tools } from "../scenario.ts";
import { startGatewayAlone } from "../systems/gateway.ts";

const COUNTS = [1, 2, 4];
const WITHOUT_ADAPTER = join(import.meta.dirname, "../probes/without-adapter.ts");

interface Arm {
  name: string;
  processes: number;
  env: Record<string, string>;
}

const ARMS: readonly Arm[] = [
  ...COUNTS.map((processes) => ({
    ...{ name: `${processes} process${processes === 1 ? "" : "es"}`, processes, env: {} },
  })),
  // What the cluster adapter costs while nothing needs it.
  { name: "2 without adapter", processes: 2, env: { NODE_OPTIONS: `--import ${WITHOUT_ADAPTER}` } },
];
const WATCHERS = 1_000;
/** Times that everyone has connected, a process, before it is measured: while code is compiled, twice the processes cost twice the CPU. */
const WARM_UP_WAVES = 2;
/** Times that everyone connects while it is measured. */
const WAVES = 3;
const ROOM_SIZE = 100;
const BURSTS = 60;
/** Bursts in which each process still compiles: with more processes each has fewer of the deliveries. */
const FIRST_BURSTS = 10;
/** Statuses of a burst, each about somebody else. */
const STATUSES = 50;
const ARRIVE_WITHIN_MS = 30_000;

/** What one gateway does with 1, 2 and 4 processes on its port, each bound to a core in turn. */
export const processes: Scenario = {
  name: "processes",
  title: `one gateway of ${COUNTS.join(", ")} processes: connects, and deliveries to rooms of ${ROOM_SIZE}`,
  async run(tools): Promise<Outcome> {
    const plan = planRooms(WATCHERS, [ROOM_SIZE]);
    const subjects = Array.from({ length: STATUSES }, (_, n) => `subject-${n}`);
    const world = { members: plan.members, users: [...plan.users, ...subjects] };
    const samples: Sample[] = [];
    for (let round = 1; round <= tools.rounds; round++) {
      for (const arm of ARMS) {
        tools.say(`round ${round} of ${tools.rounds}: ${arm.name}`);
        samples.push({ subject: arm.name, figures: await measure(tools, world, plan.users, arm) });
      }
    }
    return {
      samples,
      targets: [],
      notes: [
        `${availableParallelism()} cores, which the clients, nats-server and PostgreSQL share with the gateway: read the rates as ratios.`,
        "… of a core: by the CPU time of all processes of the gateway, its primary included. It is what one core gives that does",
        "nothing else, and the figure to plan with. A connect is counted with the end of the one before it. No worker decides here,",
        "so no status of a connect is delivered: `closed-loop` and `connect` have what it costs with its deliveries.",
      ],
    };
  },
};

async function measure(
  { keep }: Tools,
  world: World,
  watchers: readonly string[],
  { name, processes: count, env }: Arm,
): Promise<Sample["figures"]> {
  const gateway = keep(
    await startGatewayAlone(world, { GATEWAY_PROCESSES: String(count), LARGE_ROOM_SIZE: "1000000", ...env }),
  );
  bindToCores(gateway.fronts(), count);
  let onStatus = () => {};
  const options = () => ({ onStatus: () => onStatus() });
  let clients: BenchClient[] = [];
  /** Everyone connects, after their last connection was cut off. */
  const connectAll = async () => {
    closeAll(clients);
    clients = await openClients(gateway, watchers, options);
  };
  for (let n = 0; n < WARM_UP_WAVES * count; n++) await connectAll();
  const connecting = { cpu: startCpuMeter(gateway), since: performance.now() };
  for (let n = 0; n < WAVES; n++) await connectAll();
  const connects = WAVES * WATCHERS;
  const connectSeconds = (performance.now() - connecting.since) / 1_000;
  const connectCpu = connecting.cpu.frontSeconds();

  const link = await openNats({ url: gateway.natsUrl }, "bench");
  keep({ stop: () => link.close() });
  let version = 0;
  const burst = async () => {
    version++;
    const arrived = createLatch(STATUSES * ROOM_SIZE, ARRIVE_WITHIN_MS, `deliveries of ${name}`);
    onStatus = arrived.hit;
    for (let n = 0; n < STATUSES; n++) {
      const room = n % (WATCHERS / ROOM_SIZE);
      const status = { ...statusOf(`subject-${n}`, version % 2 === 1), version };
      const message = { ...status, conversationIds: [roomOfSize(ROOM_SIZE, room)], directoryVersion: 0 };
      link.nc.publish(statusSetSubject(status.userId), toBytes(message));
    }
    await arrived.opened;
  };
  for (let n = 0; n < FIRST_BURSTS * count; n++) await burst();
  const delivering = { cpu: startCpuMeter(gateway), since: performance.now() };
  for (let n = 0; n < BURSTS; n++) await burst();
  const deliveries = BURSTS * STATUSES * ROOM_SIZE;
  const seconds = (performance.now() - delivering.since) / 1_000;
  const figures = {
    "connects/s": connects / connectSeconds,
    "connects/s of a core": connects / connectCpu,
    "deliveries/s": deliveries / seconds,
    "deliveries/s of a core": deliveries / delivering.cpu.frontSeconds(),
  };
  closeAll(clients);
  await gateway.stop();
  return figures;
}

/** Each process of the gateway stays on one core, in turn; the primary goes where there is room. */
function bindToCores(fronts: readonly number[], count: number): void {
  if (process.platform !== "linux") return;
  const tree = fronts.flatMap(treeOf);
  const held = count === 1 ? tree : tree.filter((pid) => !fronts.includes(pid));
  for (const [n, pid] of held.entries()) {
    execFileSync("taskset", ["-a", "-p", "-c", String(n % availableParallelism()), String(pid)]);
  }
}
