import type { Viewer } from "../oracle/convergence.ts";
import type { Times } from "../oracle/history.ts";
import { createRandom } from "../random.ts";
import { arrive } from "./arrival.ts";
import type { Backend } from "./backend.ts";
import { type Behaviour, createBehaviour } from "./behaviour.ts";
import { createChooser } from "./chooser.ts";
import { createClient } from "./client.ts";
import { createKeeper } from "./keeper.ts";
import type { Population } from "./population.ts";
import type { Recorder } from "./recorder.ts";

/** All clients of a run, and the services that speak for its people. */
export interface Fleet {
  /** Resolves when every client has arrived; rejects when the fleet is stopped before. */
  arrived: Promise<void>;
  viewers(): Viewer[];
  /** How many clients have wanted a view for longer than `ms` and have none. */
  unserved(ms: number): number;
  calm(): void;
  stop(): void;
}

export interface FleetOptions {
  population: Population;
  gateways: readonly string[];
  token(userId: string): string;
  times: Times;
  seed: number;
  recorder: Recorder;
  backend: Backend;
  /** a process of a release runs that knows neither sessions nor layers */
  isMixed(): boolean;
}

const WATCH_EVERY_MS = 250;

/** Each client has its own stream of chance, so that its doings do not depend on the others' timing. */
export function startFleet(options: FleetOptions): Fleet {
  const { population, gateways, token, times, seed, recorder } = options;
  const rooms = new Map<string, string[]>();
  for (const [room, userIds] of population.members) {
    for (const userId of userIds) rooms.set(userId, [...(rooms.get(userId) ?? []), room]);
  }
  const behaviours: Behaviour[] = [];
  const people = population.clients.map(({ userId, home }, id) => {
    const own = createRandom(seed + 7_919 * (id + 1));
    const shared = { userId, id, gateways, home, times, random: own, recorder };
    return { userId, random: own, client: createClient({ ...shared, token: token(userId) }) };
  });
  const clients = people.map(({ client }) => client);
  const ending = new AbortController();
  const arrived = arrive(
    people,
    createRandom(seed - 1),
    ({ userId, client, random }) => {
      client.connect();
      behaviours.push(createBehaviour(client, rooms.get(userId) ?? [], times, random));
    },
    ending.signal,
  );
  const services = startServices(options);
  const watching = setInterval(() => {
    for (const client of clients) client.watch();
  }, WATCH_EVERY_MS);

  return {
    arrived,
    viewers: () => clients.flatMap((client) => client.viewer() ?? []),
    unserved(ms) {
      const before = performance.now() - ms;
      return clients.filter((client) => (client.unservedSince() ?? Number.POSITIVE_INFINITY) < before).length;
    },
    calm: () => [...behaviours, ...services].forEach((behaviour) => void behaviour.calm()),
    stop() {
      ending.abort();
      clearInterval(watching);
      for (const behaviour of [...behaviours, ...services]) behaviour.stop();
      for (const client of clients) client.stop();
    },
  };
}

function startServices({
  population,
  gateways,
  seed,
  recorder,
  backend,
  isMixed,
}: FleetOptions): Behaviour[] {
  const own = (userId: string, stream: number) => ({
    ...{ userId, backend, recorder, isPaused: isMixed },
    random: createRandom(seed - 7_907 * (stream + 1)),
  });
  const { kept, choosing } = population;
  return [
    ...kept.map((userId, index) => createKeeper(own(userId, index))),
    ...choosing.map((userId, index) => createChooser({ ...own(userId, kept.length + index), gateways })),
  ];
}
