import { bucketStream } from "@meeshy/shared/nats/streams";
import { BUCKET_LEASES, BUCKET_STATE, STREAM_EVENTS, STREAM_STATUS } from "@meeshy/shared/subjects";
import type { Random } from "../../chaos/random.ts";
import type { World } from "../world/world.ts";
import { BOTH, type Excuses, HOUR, type Kind, lasts, moment } from "./kind.ts";

/** A state of the broker, taken back at the end. */
const ofBroker = (
  name: string,
  weight: Kind["weight"],
  faultsOf: (random: Random) => Partial<World["broker"]["faults"]>,
  excuses: Partial<Excuses> = BOTH,
  longer = 1,
): Kind => ({
  name,
  weight,
  make(world, random) {
    const faults = faultsOf(random);
    return {
      name: `${name} ${JSON.stringify(faults)}`,
      lastsMs: lasts(world, random) * longer,
      excuses,
      begin: () => Object.assign(world.broker.faults, faults),
      end: () => world.broker.recover(),
    };
  },
});

const LEASES = bucketStream(BUCKET_LEASES);
const STATE = bucketStream(BUCKET_STATE);
const STREAMS = [STREAM_EVENTS, STREAM_STATUS, STATE, LEASES];

const ofStreams = (names: readonly string[]): Partial<Excuses> => ({
  ...{ ...BOTH, loss: true },
  log: names.includes(STREAM_EVENTS),
  records: names.includes(STATE),
});

/** What happens to the broker, its streams or the database. */
export const STORE_FAULTS: readonly Kind[] = [
  {
    name: "broker restart",
    weight: { storm: 2, calm: 2 },
    make(world, random) {
      return {
        name: "broker restart",
        lastsMs: lasts(world, random),
        excuses: BOTH,
        begin() {
          world.broker.dropConsumers(() => true);
          for (const { running } of world.slots) running?.link.set({ isBrokerDown: true });
        },
        end() {
          for (const { running } of world.slots) running?.link.recover();
        },
      };
    },
  },
  {
    name: "election",
    weight: { storm: 2, calm: 2 },
    make(world, random) {
      return {
        name: "election",
        lastsMs: random.between(300, 6_000),
        excuses: BOTH,
        begin() {
          world.broker.faults.isElecting = true;
          world.broker.dropConsumers(({ next }) => next() < 0.5);
        },
        end: () => world.broker.recover(),
      };
    },
  },
  ofBroker(
    "lossy broker",
    { storm: 2, calm: 1 },
    (random) => ({ loses: random.between(0, 0.2), losesAcks: random.between(0, 0.3), doublesAcks: 0.2 }),
    // Heartbeats are lost as well: nothing proves that a gateway lives.
    { ...BOTH, loss: true },
  ),
  ofBroker(
    "slow acknowledgements",
    { storm: 2, calm: 1 },
    // Slower ones take a heartbeat, which waits for each, past its lease.
    (random) => ({ slowsAcksBy: random.between(200, 2_200) }),
    BOTH,
    4,
  ),
  ofBroker("storage full", { storm: 1, calm: 1 }, () => ({ isFull: true })),
  {
    name: "broker clock",
    weight: { storm: 2, calm: 2 },
    make({ broker, profile }, random) {
      const far = profile.name === "calm" ? 8 * HOUR : HOUR;
      const ms = Math.round(random.pick([1, -1]) * 3_000 * (far / 3_000) ** random.next());
      return moment(`broker clock steps ${ms} ms`, { gone: true, dates: ms < 0 }, () => broker.stepClock(ms));
    },
  },
  {
    name: "database away",
    weight: { storm: 2, calm: 2 },
    make(world, random) {
      return {
        name: "database away",
        lastsMs: lasts(world, random) * 2,
        excuses: { gone: true },
        begin() {
          world.tables.isAway = true;
        },
        end() {
          world.tables.isAway = false;
        },
      };
    },
  },
  {
    name: "stream lost",
    weight: { storm: 1, calm: 1 },
    make(world, random) {
      const lost = random.next() < 0.3 ? STREAMS : [random.pick(STREAMS)];
      return moment(`lost: ${lost.join(", ")}`, ofStreams(lost), () => {
        for (const name of lost) if (world.broker.streams().has(name)) world.broker.deleteStream(name);
      });
    },
  },
  {
    // An election places consumers anew; one of the servers is behind from then on, until it is replaced. Chosen only
    // where it is asked for: it needs leases that change hands to show anything.
    name: "lagging replica",
    weight: { storm: 0, calm: 0 },
    make(world, random) {
      const { broker, profile } = world;
      const faults = {
        lagsMs: Math.round(profile.workerLeaseMs * 0.01 * 80 ** random.next()),
        doublesNextOf: random.next() < 0.5 ? LEASES : undefined,
      };
      return {
        name: `lagging replica ${JSON.stringify(faults)}`,
        lastsMs: lasts(world, random) * 20,
        // What is late by less than a lease is shown in time.
        excuses: {},
        begin() {
          broker.beginLag(faults);
          broker.dropConsumers(({ next }) => next() < 0.5);
        },
        end: () => broker.replaceReplica(),
      };
    },
  },
  {
    // The server ends, and comes back on an empty disk. Chosen only where it is asked for: what it excuses would hide others.
    name: "wiped",
    weight: { storm: 0, calm: 0 },
    make(world, random) {
      return {
        name: "wiped",
        lastsMs: random.between(50, 5_000),
        excuses: ofStreams(STREAMS),
        begin() {
          for (const { running } of world.slots) running?.link.set({ isBrokerDown: true });
          for (const name of [...world.broker.streams().keys()]) world.broker.deleteStream(name);
        },
        end() {
          for (const { running } of world.slots) running?.link.recover();
        },
      };
    },
  },
  {
    name: "restored",
    weight: { storm: 1, calm: 1 },
    make(world, random) {
      const backup = world.broker.backup();
      const some = random.next() < 0.5 ? STREAMS : [random.pick(STREAMS)];
      return {
        name: `put back: ${some.join(", ")}`,
        lastsMs: lasts(world, random),
        excuses: ofStreams(some),
        begin: () => {},
        end() {
          for (const { running } of world.slots) running?.link.break();
          world.broker.restore(new Map([...backup].filter(([name]) => some.includes(name))));
        },
      };
    },
  },
];
