import type { Random } from "../../chaos/random.ts";
import type { Running } from "../world/world.ts";
import { anySlot, BOTH, HOUR, type Kind, lasts, ofProcess } from "./kind.ts";

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

/** Enough, with labels of which each character takes six bytes, for a record that no broker would take. */
const CROWD = 2_000;
const LABEL = "\u0001".repeat(100);
const CRASHES = 40;

/** What happens to one process, its link or its clock, or to all of a role. */
export const PROCESS_FAULTS: readonly Kind[] = [
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
          if (running.process.isPaused() && running.handle)
            world.people.lose(running.handle, `${running.name} does not answer`);
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
          // A gateway's memory hides what the broker has forgotten: one begins anew towards the end.
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
    name: "crowd",
    weight: { storm: 1, calm: 1 },
    make(world, random) {
      const [handle] = random.shuffled(world.openGateways());
      if (handle === undefined) return undefined;
      const crowd = world.people.stranger("crowd", LABEL);
      const sockets: { close(reason: string): void }[] = [];
      return {
        name: `crowd: ${CROWD} sockets of one person at ${handle.name}`,
        lastsMs: 3 * world.profile.settleMs,
        excuses: {},
        begin() {
          for (let opened = 0; opened < CROWD; opened++)
            handle.after(opened * 2, () => {
              void handle.gateway
                .connect(crowd, () => {})
                .then((socket) => {
                  if (socket !== "refused") sockets.push(socket);
                });
            });
        },
        end() {
          for (const socket of sockets) handle.after(1, () => socket.close("transport close"));
        },
      };
    },
  },
];
