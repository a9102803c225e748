import type { Random } from "../../chaos/random.ts";
import type { Role, Running, Slot, World } from "../world/world.ts";

/** What a fault keeps from being right while it lasts, and until the world has settled after it. */
export interface Excuses {
  /** people who are there may not be shown */
  shown: boolean;
  /** people who are gone may still be shown */
  gone: boolean;
  /** dates may be wrong */
  dates: boolean;
  /** what had been stored is lost: anybody may be declared offline for a moment */
  loss: boolean;
  /** the process whose sockets may be taken for lost; undefined: none */
  gateway: string | undefined;
}

export interface Fault {
  name: string;
  lastsMs: number;
  excuses: Partial<Excuses>;
  begin(): void;
  end(): void;
}

export interface Kind {
  name: string;
  /** how often it is chosen, in each profile */
  weight: { storm: number; calm: number };
  /** `undefined`: it cannot happen now */
  make(world: World, random: Random): Fault | undefined;
}

const HOUR = 3_600_000;
const BOTH = { shown: true, gone: true };

const lasts = ({ profile }: World, random: Random): number => {
  const [low, high] = profile.faultLastsMs;
  // Short ones are more frequent: most of what matters happens around the leases.
  return low * (high / low) ** random.next();
};

const anySlot = (
  { slots }: World,
  random: Random,
  role?: Role,
): (Slot & { running: Running }) | undefined => {
  const up = slots.filter((slot) => slot.running && (role === undefined || slot.role === role));
  return up.length === 0 ? undefined : (random.pick(up) as Slot & { running: Running });
};

/** A fault of one process' link, or of the process itself. */
const ofProcess = (
  name: string,
  weight: Kind["weight"],
  make: (
    slot: Slot & { running: Running },
    world: World,
    random: Random,
  ) => Omit<Fault, "excuses"> | undefined,
): Kind => ({
  name,
  weight,
  make(world, random) {
    const slot = anySlot(world, random);
    const fault = slot && make(slot, world, random);
    if (!slot || !fault) return undefined;
    return {
      ...fault,
      excuses: { ...BOTH, gateway: slot.role === "gateway" ? slot.running.name : undefined },
    };
  },
});

/** A state of one process' link, taken back at the end. */
const ofLink = (
  name: string,
  weight: Kind["weight"],
  faultsOf: (random: Random) => Parameters<Running["link"]["set"]>[0],
): Kind =>
  ofProcess(name, weight, ({ running }, world, random) => {
    const faults = faultsOf(random);
    return {
      name: `${name}: ${running.name} ${JSON.stringify(faults)}`,
      lastsMs: lasts(world, random),
      begin() {
        running.link.set(faults);
        if (faults.refusesCredentials) running.link.break();
      },
      end: () => running.link.recover(),
    };
  });

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

const moment = (name: string, excuses: Partial<Excuses>, begin: () => void): Fault => ({
  ...{ name, lastsMs: 0, excuses, begin },
  end: () => {},
});

/** Enough, with labels of which each character takes six bytes, for a record that no broker would take. */
const CROWD = 2_000;
const LABEL = "\u0001".repeat(100);
const CRASHES = 40;
const STREAMS = ["PRESENCE_EVENTS", "PRESENCE_STATUS", "KV_PRESENCE_STATE", "KV_PRESENCE_LEASES"];

export const KINDS: readonly Kind[] = [
  ofProcess("kill", { storm: 5, calm: 5 }, (slot, world, random) => {
    const restartMs = lasts(world, random) / 4;
    return {
      name: `kill ${slot.running.name}`,
      lastsMs: restartMs,
      begin: () => world.kill(slot, restartMs, "killed"),
      end: () => {},
    };
  }),
  ofProcess("restart", { storm: 2, calm: 4 }, (slot, world) => ({
    name: `restart ${slot.running.name}`,
    lastsMs: 5_000,
    begin: () => world.restart(slot),
    end: () => {},
  })),
  ofProcess("pause", { storm: 3, calm: 2 }, (slot, world, random) => {
    const { running } = slot;
    const stopsClock = random.next() < 0.5;
    // A virtual machine that is moved may stand for minutes.
    const lastsMs = lasts(world, random) * (stopsClock ? 4 : 1);
    return {
      name: `pause ${running.name}${stopsClock ? ", its clock too" : ""}`,
      lastsMs,
      begin() {
        running.process.pause({ stopsClock });
        // Clients miss their pings.
        world.scheduler.after(45_000, () => {
          if (running.process.isPaused() && running.door)
            world.people.lose(running.door, `${running.name} does not answer`);
        });
      },
      end() {
        running.process.resume();
        if (lastsMs > 120_000) running.link.break();
      },
    };
  }),
  ofLink("cut", { storm: 3, calm: 2 }, (random) =>
    random.pick([{ cutToBroker: true }, { cutFromBroker: true }, { cutToBroker: true, cutFromBroker: true }]),
  ),
  ofLink("slow link", { storm: 2, calm: 1 }, (random) => ({
    delay: random.between(100, 3_000),
    jitter: random.between(0, 2_000),
  })),
  ofLink("lost deliveries", { storm: 1, calm: 1 }, (random) => ({
    dropsDeliveries: random.between(0.01, 0.3),
  })),
  ofLink("refused credentials", { storm: 1, calm: 1 }, () => ({ refusesCredentials: true })),
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
  ofProcess("clock", { storm: 1, calm: 1 }, ({ running }, { profile }, random) => {
    const rate = 1 + random.between(-2e-4, 2e-4);
    const step = random.between(-HOUR, HOUR);
    return {
      name: `clock of ${running.name}: rate ${rate.toFixed(6)}, wall ${step.toFixed(0)} ms`,
      lastsMs: profile.faultLastsMs[1],
      begin() {
        running.process.setRate(rate);
        running.process.stepWall(step);
      },
      end: () => running.process.setRate(1),
    };
  }),
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
    name: "sweepers away",
    weight: { storm: 1, calm: 2 },
    make(world, random) {
      const lastsMs =
        world.profile.name === "calm" ? random.between(26, 40) * HOUR : lasts(world, random) * 3;
      return {
        name: "sweepers away",
        lastsMs,
        excuses: { gone: true },
        begin() {
          for (const slot of world.slots)
            if (slot.role === "sweeper") world.kill(slot, lastsMs, "killed, for long");
          // What a gateway knows by heart hides what the broker has forgotten: one begins anew towards the end.
          world.scheduler.after(lastsMs * random.between(0.7, 0.95), () => {
            const slot = anySlot(world, random, "gateway");
            if (slot) world.restart(slot);
          });
        },
        end: () => {},
      };
    },
  },
  {
    name: "crowd",
    weight: { storm: 1, calm: 1 },
    make(world, random) {
      const [door] = random.shuffled(world.doors());
      if (door === undefined) return undefined;
      const crowd = world.people.stranger("crowd", LABEL);
      const sockets: { close(reason: string): void }[] = [];
      return {
        name: `crowd: ${CROWD} sockets of one person at ${door.name}`,
        lastsMs: 3 * world.profile.settleMs,
        excuses: {},
        begin() {
          for (let opened = 0; opened < CROWD; opened++)
            door.after(opened * 2, () => {
              void door.gateway.connect(crowd, () => {}).then((socket) => sockets.push(socket));
            });
        },
        end() {
          for (const socket of sockets) door.after(1, () => socket.close("transport close"));
        },
      };
    },
  },
  {
    name: "crash loop",
    weight: { storm: 1, calm: 1 },
    make(world, random) {
      const slot = anySlot(world, random);
      if (slot === undefined) return undefined;
      const everyMs = 4_000;
      return {
        name: `crash loop of ${slot.name}`,
        lastsMs: CRASHES * everyMs,
        excuses: { ...BOTH, gateway: slot.running.name },
        begin() {
          for (let crash = 0; crash < CRASHES; crash++)
            world.scheduler.after(crash * everyMs, () => world.kill(slot, 500, "crashes again"));
        },
        end: () => {},
      };
    },
  },
  {
    name: "stream lost",
    weight: { storm: 1, calm: 1 },
    make(world, random) {
      const lost = random.next() < 0.3 ? STREAMS : [random.pick(STREAMS)];
      return moment(`lost: ${lost.join(", ")}`, { ...BOTH, loss: true }, () => {
        for (const name of lost) if (world.broker.streams().has(name)) world.broker.deleteStream(name);
      });
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
        excuses: { ...BOTH, loss: true },
        begin: () => {},
        end() {
          for (const { running } of world.slots) running?.link.break();
          world.broker.restore(new Map([...backup].filter(([name]) => some.includes(name))));
        },
      };
    },
  },
];
