import type { Viewer } from "../oracle/convergence.ts";
import type { Times } from "../oracle/history.ts";
import { createRandom } from "../random.ts";
import type { Backend } from "./backend.ts";
import { type Behaviour, createBehaviour } from "./behaviour.ts";
import { createChooser } from "./chooser.ts";
import { type Client, createClient } from "./client.ts";
import { createKeeper } from "./keeper.ts";
import type { Population } from "./population.ts";
import type { Recorder } from "./recorder.ts";

/** All clients of a run, and the services that speak for its people. */
export interface Fleet {
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

/** The clients arrive over this time. */
export const ARRIVAL_MS = 4_000;
const WATCH_EVERY_MS = 250;

/** Each client has its own stream of chance, so that its doings do not depend on the others' timing. */
export function startFleet(options: FleetOptions): Fleet {
  const { population, gateways, token, times, seed, recorder } = options;
  const rooms = new Map<string, string[]>();
  for (const [room, userIds] of population.members) {
    for (const userId of userIds) rooms.set(userId, [...(rooms.get(userId) ?? []), room]);
  }
  const clients: Client[] = [];
  const behaviours: Behaviour[] = [];
  const arrivals: NodeJS.Timeout[] = [];
  for (const [id, { userId, home }] of population.clients.entries()) {
    const random = createRandom(seed + 7_919 * (id + 1));
    const client = createClient({
      ...{ userId, id, gateways, home, times, random, recorder },
      token: token(userId),
    });
    clients.push(client);
    arrivals.push(
      setTimeout(
        () => {
          client.connect();
          behaviours.push(createBehaviour(client, rooms.get(userId) ?? [], times, random));
        },
        random.between(0, ARRIVAL_MS),
      ),
    );
  }
  const services = startServices(options);
  const watching = setInterval(() => {
    for (const client of clients) client.watch();
  }, WATCH_EVERY_MS);

  return {
    viewers: () => clients.flatMap((client) => client.viewer() ?? []),
    unserved(ms) {
      const before = performance.now() - ms;
      return clients.filter((client) => (client.unservedSince() ?? Number.POSITIVE_INFINITY) < before).length;
    },
    calm: () => [...behaviours, ...services].forEach((behaviour) => void behaviour.calm()),
    stop() {
      for (const timer of arrivals) clearTimeout(timer);
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
