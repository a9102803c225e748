import type { Logger } from "@meeshy/shared/runtime/logger";
import type { StatusMessage } from "@meeshy/shared/status";
import { pino } from "pino";
import { createRandom, type Random } from "../../chaos/random.ts";
import { type Broker, createBroker } from "../bus/broker.ts";
import { createLink, type Link } from "../bus/link.ts";
import { createSimBus } from "../bus/sim-bus.ts";
import { createProcess, type SimProcess } from "../engine/process.ts";
import { createScheduler, type Owner, type Scheduler } from "../engine/scheduler.ts";
import { createPeople, type GatewayDoor, type People } from "./people.ts";
import type { Profile } from "./profile.ts";
import { type SimGateway, type Stop, startGateway, startSweeper, startWorker } from "./services.ts";
import { createTables, type Tables } from "./tables.ts";

export type Role = "worker" | "sweeper" | "gateway";

/** One place for a process: when it ends, its supervisor starts another there. */
export interface Slot {
  role: Role;
  name: string;
  running: Running | undefined;
  /** no process is started here before this world time */
  closedUntil: number;
}

export interface Running {
  name: string;
  process: SimProcess;
  link: Link;
  startedAt: number;
  stop: Stop | undefined;
  door: GatewayDoor | undefined;
}

/** A status as a gateway passes it on to its viewers. */
export interface Shown {
  at: number;
  gateway: string;
  status: StatusMessage;
}

export interface World {
  profile: Profile;
  seed: number;
  scheduler: Scheduler;
  /** for faults; people and network have streams of numbers of their own */
  random: Random;
  broker: Broker;
  tables: Tables;
  people: People;
  slots: Slot[];
  /** when processes ended, world time */
  ended: number[];
  /** Ends the process at once; another is started after `restartMs`. */
  kill(slot: Slot, restartMs: number, why: string): void;
  /** Ends the process in good order, then as {@link World.kill}. */
  restart(slot: Slot): void;
  /** An error that no code of the process has caught. */
  crashed(owner: Owner | undefined, error: unknown): boolean;
  doors(): GatewayDoor[];
  onShown(listener: (shown: Shown) => void): void;
  onCrash(listener: (name: string, error: unknown) => void): void;
  say(line: string, about?: string): void;
}

export interface WorldOptions {
  seed: number;
  profile: Profile;
  /** a line of the timeline; `about`: a user, a process, or the broker */
  say: (at: number, line: string, about: string) => void;
  /** writes the processes' own logs into the timeline */
  isVerbose: boolean;
}

/** Monday, 00:00 UTC. */
const WALL_START = Date.UTC(2026, 0, 5);
const RESTART_MS: readonly [number, number] = [500, 3_000];

export function createWorld({ seed, profile, say: record, isVerbose }: WorldOptions): World {
  const scheduler = createScheduler();
  const root = createRandom(seed);
  const stream = () => createRandom(Math.floor(root.next() * 2 ** 32));
  const [random, network, lives, ids] = [stream(), stream(), stream(), stream()];
  const broker = createBroker({ scheduler, random: network, wallStart: WALL_START });
  const tables = createTables(scheduler, network, broker.time);
  const slots: Slot[] = [];
  const ended: number[] = [];
  const shownListeners: ((shown: Shown) => void)[] = [];
  const crashListeners: ((name: string, error: unknown) => void)[] = [];
  let started = 0;

  const say = (line: string, about = "world") => {
    scheduler.note(line);
    record(scheduler.now(), line, about);
  };
  const doors = () =>
    slots.flatMap(({ running }) =>
      running?.door && !running.process.isPaused() && running.link.isUp() ? [running.door] : [],
    );
  const people = createPeople({ scheduler, random: lives, profile, doors, say });

  const loggerOf = (name: string): Logger => {
    if (!isVerbose) return SILENT;
    const write = (line: string) => record(scheduler.now(), line.trim(), name);
    return pino({ level: "debug", base: null, timestamp: false }, { write }) as Logger;
  };

  const start = (slot: Slot) => {
    const name = `${slot.name}.${++started}`;
    const process = createProcess({
      name,
      scheduler,
      random: createRandom(Math.floor(ids.next() * 2 ** 32)),
      wallStart: WALL_START,
    });
    const link = createLink(process, scheduler, network);
    const bus = createSimBus({ process, link, broker, random: network });
    const running: Running = {
      name,
      process,
      link,
      startedAt: scheduler.now(),
      stop: undefined,
      door: undefined,
    };
    slot.running = running;
    say(`${name} starts`, name);
    const parts = {
      bus,
      profile,
      tables: tables.of(process),
      logger: loggerOf(name),
      person: people.get,
    };
    const serve = async () => {
      await link.opened;
      if (slot.role === "worker") running.stop = await startWorker(parts);
      else if (slot.role === "sweeper") running.stop = await startSweeper(parts);
      else {
        const gateway: SimGateway = await startGateway(parts, (status) => {
          const shown = { at: scheduler.now(), gateway: name, status };
          scheduler.note(`${name} ${status.userId} ${status.isOnline} ${status.epoch} ${status.version}`);
          for (const listener of shownListeners) listener(shown);
        });
        running.stop = gateway.stop;
        await gateway.feed.loaded;
        running.door = { name, gateway, after: (ms, run) => void process.clock.after(ms, run) };
      }
      say(`${name} serves`, name);
    };
    void serve().catch((error) => {
      // A service that cannot start ends, and its supervisor starts another.
      if (slot.running === running)
        world.kill(
          slot,
          random.between(...RESTART_MS),
          `could not start: ${error instanceof Error ? error.message : error}`,
        );
    });
  };

  const startLater = (slot: Slot, ms: number) => {
    slot.closedUntil = Math.max(slot.closedUntil, scheduler.now() + ms);
    scheduler.at(slot.closedUntil, () => {
      if (slot.running === undefined && scheduler.now() >= slot.closedUntil) start(slot);
    });
  };

  const end = ({ name, process, link, door }: Running, why: string) => {
    process.kill();
    link.end();
    ended.push(scheduler.now());
    say(`${name} ends: ${why}`, name);
    if (door) people.lose(door, `lost with ${name}`);
  };

  const world: World = {
    ...{ profile, seed, scheduler, random, broker, tables, people, slots, ended, doors, say },
    kill(slot, restartMs, why) {
      const { running } = slot;
      slot.running = undefined;
      if (running) end(running, why);
      startLater(slot, restartMs);
    },
    restart(slot) {
      const { running } = slot;
      if (!running?.stop) return;
      say(`${running.name} is stopped`, running.name);
      const { door } = running;
      running.door = undefined;
      const over = () => {
        if (slot.running !== running) return;
        world.kill(slot, random.between(...RESTART_MS), "stopped in good order");
        if (door) people.lose(door, `closed by ${running.name}, which stops`);
      };
      // A supervisor does not wait for ever.
      scheduler.after(10_000, over);
      void running.stop().then(over, over);
    },
    crashed(owner, error) {
      const slot = slots.find(({ running }) => running?.process === owner);
      if (slot?.running === undefined) return false;
      for (const listener of crashListeners) listener(slot.running.name, error);
      world.kill(
        slot,
        random.between(...RESTART_MS),
        `it throws ${error instanceof Error ? error.message : error}`,
      );
      return true;
    },
    onShown: (listener) => void shownListeners.push(listener),
    onCrash: (listener) => void crashListeners.push(listener),
  };

  const roles: [Role, number][] = [
    ["worker", profile.workers],
    ["sweeper", profile.sweepers],
    ["gateway", profile.gateways],
  ];
  for (const [role, count] of roles) {
    for (let index = 1; index <= count; index++) {
      const slot: Slot = { role, name: `${role}${index}`, running: undefined, closedUntil: 0 };
      slots.push(slot);
      scheduler.after(random.between(0, 500), () => start(slot));
    }
  }
  return world;
}

const SILENT = pino({ level: "silent" }) as Logger;
