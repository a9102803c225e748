import { openNats } from "@meeshy/shared/nats/connect";
import { toBytes } from "@meeshy/shared/nats/last-value";
import type { UserStatus } from "@meeshy/shared/status";
import { statusSetSubject } from "@meeshy/shared/subjects";
import { type BenchClient, closeAll, openClients } from "../fleet/clients.ts";
import { createLatch } from "../fleet/latch.ts";
import { planRooms, roomOfSize, type World } from "../fleet/world.ts";
import { startCpuMeter } from "../measure/cpu.ts";
import { statusOf } from "../peers/status.ts";
import { targetOf } from "../report/figures.ts";
import type { Outcome, Sample, Scenario, Target, Tools } from "../scenario.ts";
import { startGatewayAlone } from "../systems/gateway.ts";
import type { System } from "../systems/system.ts";

const SIZES = [10, 100, 1_000] as const;
const WATCHERS = 1_000;
const ROOMS = planRooms(WATCHERS, SIZES);
/** Deliveries in one burst: 5 changes for each watcher; 20 in a storm, which is what batches are for. */
const BURST = { singles: 5_000, batches: 20_000 };
/** Bursts a measurement; before them come some in which the process still compiles, the peer's as well as ours. */
const BURSTS = 12;
const WARM_UP = 5;
const ARRIVE_WITHIN_MS = 20_000;
/** Whom the n-th status of a burst is about; none of them watches, and each stays in one room. */
const subjectOf = (size: number, n: number): string => `subject-${size}-${n}`;
const SUBJECTS = SIZES.flatMap((size) =>
  Array.from({ length: BURST.batches / size }, (_, n) => subjectOf(size, n)),
);
/** Sends the broadcasts to a peer that takes them from a client only. */
const SENDER = "sender";

/** How many statuses a second one core of a gateway hands out, one frame each, and in batches where it offers them. */
export const fanOut: Scenario = {
  name: "fan-out",
  title: `broadcasts to rooms of ${SIZES.join(", ")}: deliveries a second of the front process's CPU`,
  async run(tools): Promise<Outcome> {
    const people = { members: ROOMS.members, users: [...ROOMS.users, ...SUBJECTS, SENDER] };
    const samples: Sample[] = [];
    const batched: Sample[] = [];
    const notes = ["A gateway alone on nats-server: the statuses are published as a worker would."];
    for (let round = 1; round <= tools.rounds; round++) {
      samples.push(...(await measureGateway(tools, people, false)));
      samples.push(...(await measureBare(tools, people)));
      batched.push(...(await measureGateway(tools, people, true)));
    }
    if (batched.length === 0) notes.push("Batched statuses: skipped, the server sends no user:status:batch.");
    return { samples: [...samples, ...batched], targets: targetsOf(samples, batched), notes };
  },
};

type Broadcast = (status: UserStatus, room: string) => void;

async function measureGateway(tools: Tools, world: World, batch: boolean): Promise<Sample[]> {
  const gateway = tools.keep(await startGatewayAlone(world, { LARGE_ROOM_SIZE: "1000000" }));
  const link = await openNats({ url: gateway.natsUrl }, "bench");
  const broadcast: Broadcast = (status, room) => {
    const message = { ...status, conversationIds: [room], directoryVersion: 0 };
    link.nc.publish(statusSetSubject(status.userId), toBytes(message));
  };
  const samples = await measure(gateway, broadcast, batch);
  await link.close();
  await gateway.stop();
  return samples.map((sample) => ({ ...sample, subject: batch ? "gateway, batches" : "gateway" }));
}

async function measureBare({ start }: Tools, world: World): Promise<Sample[]> {
  const system = await start("bare Socket.IO", world);
  let sender: BenchClient | undefined;
  const broadcast: Broadcast = (status, room) => sender?.raw.emit("broadcast", status, [room]);
  [sender] = await openClients(system, [SENDER]);
  const samples = await measure(system, broadcast, false);
  await system.stop();
  return samples;
}

/** Empty when batches are wanted and the server sends none. */
async function measure(system: System, broadcast: Broadcast, batch: boolean): Promise<Sample[]> {
  let onDelivered = (_count: number) => {};
  let frames = 0;
  const watchers = await openClients(system, ROOMS.users, () => ({
    auth: { batch },
    onEvent(event, payload) {
      if (event !== "user:status" && event !== "user:status:batch") return;
      frames++;
      const about = (Array.isArray(payload) ? payload : [payload]) as UserStatus[];
      onDelivered(about.filter(({ userId }) => userId.startsWith("subject")).length);
    },
  }));
  const sent = { at: 0 };
  const deliveriesOfBurst = batch ? BURST.batches : BURST.singles;
  const burst = async (size: number) => {
    const arrived = createLatch(
      deliveriesOfBurst,
      ARRIVE_WITHIN_MS,
      `${system.kind}: deliveries to rooms of ${size}`,
    );
    onDelivered = arrived.hit;
    const rooms = WATCHERS / size;
    for (let n = 0; n < deliveriesOfBurst / size; n++)
      broadcast(nextStatus(subjectOf(size, n), sent), roomOfSize(size, n % rooms));
    await arrived.opened;
  };
  const samples: Sample[] = [];
  if (batch && !(await offersBatches(burst, () => frames))) {
    closeAll(watchers);
    return [];
  }
  for (const size of SIZES) {
    for (let n = 0; n < WARM_UP; n++) await burst(size);
    const cpu = startCpuMeter(system);
    const since = performance.now();
    for (let n = 0; n < BURSTS; n++) await burst(size);
    const seconds = (performance.now() - since) / 1_000;
    const deliveries = deliveriesOfBurst * BURSTS;
    samples.push({
      subject: system.kind,
      figures: {
        [`${size}: deliveries/CPU s`]: deliveries / cpu.frontSeconds(),
        [`${size}: deliveries/s`]: deliveries / seconds,
      },
    });
  }
  closeAll(watchers);
  return samples;
}

/** Each status has a greater version than the one before. */
function nextStatus(userId: string, sent: { at: number }): UserStatus {
  sent.at++;
  return { ...statusOf(userId, sent.at % 2 === 0), version: sent.at };
}

async function offersBatches(burst: (size: number) => Promise<void>, frames: () => number): Promise<boolean> {
  const before = frames();
  await burst(SIZES[1]);
  return frames() - before < BURST.batches;
}

function targetsOf(samples: readonly Sample[], batched: readonly Sample[]): Target[] {
  const single = SIZES.map((size) =>
    targetOf(samples, {
      what: `deliveries a second of CPU, rooms of ${size}, against 0.95 × bare Socket.IO`,
      ...{ subject: "gateway", figure: `${size}: deliveries/CPU s`, wants: "at least" },
      bound: { subject: "bare Socket.IO", times: 0.95 },
    }),
  );
  if (batched.length === 0) return single;
  const batches = SIZES.map((size) =>
    targetOf(batched, {
      what: `batched updates a second of CPU, rooms of ${size}`,
      ...{ subject: "gateway, batches", figure: `${size}: deliveries/CPU s` },
      ...{ wants: "at least", bound: 400_000 },
    }),
  );
  return [...single, ...batches];
}
