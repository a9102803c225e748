import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { StatusMessage } from "@meeshy/shared/status";
import { pino } from "pino";
import { createRandom, type Random } from "../../chaos/random.ts";
import { type Broker, createBroker } from "../bus/broker.ts";
import { createLink, type Link } from "../bus/link.ts";
import { createSimBus } from "../bus/sim-bus.ts";
import { createProcess, type SimProcess } from "../engine/process.ts";
import { createScheduler, type Owner, type Scheduler } from "../engine/scheduler.ts";
import { busOf, type Release, SIDE_BY_SIDE } from "../versions/release.ts";
import { type AppDirectory, createAppDirectory } from "./directory.ts";
import { createPeople, type GatewayHandle, type People, type PeopleParts } from "./people.ts";
import type { Profile } from "./profile.ts";
import { type Stop, startGateway, startSweeper, startWorker } from "./services.ts";
import { createTables, type Tables } from "./tables.ts";

export type Role = "worker" | "sweeper" | "gateway";

/** One place for a process: when it ends, its supervisor starts another there. */
export interface Slot {
  role: Role;
  name: string;
  running: Running | undefined;
  /** of what is started here next */
  release: Release;
  /** no process is started here before this world time */
  closedUntil: number;
}

export interface Running {
  name: string;
  role: Role;
  release: Release;
  process: SimProcess;
  link: Link;
  startedAt: number;
  stop: Stop | undefined;
  handle: GatewayHandle | undefined;
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
  /** for what is done to accounts */
  deeds: Random;
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
  openGateways(): GatewayHandle[];
  /** Whether a worker of the earlier release has run at or after `since`, world time. */
  hadEarlierWorker(since: number): boolean;
  onShown(listener: (shown: Shown) => void): void;
  /** Calls back with sockets that gateways close, and why. */
  onClosed(listener: PeopleParts["onClosed"]): void;
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
/** A supervisor does not wait for ever. */
const STOP_WITHIN_MS = 10_000;
const SILENT = pino({ level: "silent" }) as Logger;

export function createWorld(options: WorldOptions): World {
  return new SimWorld(options);
}

/** Processes and people around one broker and one database; every slot has a supervisor. */
class SimWorld implements World {
  readonly profile: Profile;
  readonly seed: number;
  readonly scheduler = createScheduler();
  readonly random: Random;
  readonly deeds: Random;
  readonly broker: Broker;
  readonly tables: Tables;
  readonly people: People;
  readonly slots: Slot[] = [];
  readonly ended: number[] = [];
  readonly #record: WorldOptions["say"];
  readonly #isVerbose: boolean;
  readonly #network: Random;
  readonly #ids: Random;
  readonly #directory: AppDirectory;
  readonly #shownListeners: ((shown: Shown) => void)[] = [];
  readonly #closedListeners: PeopleParts["onClosed"][] = [];
  readonly #crashListeners: ((name: string, error: unknown) => void)[] = [];
  #earlierWorkerEndedAt = Number.NEGATIVE_INFINITY;
  #started = 0;

  constructor({ seed, profile, say, isVerbose }: WorldOptions) {
    this.profile = profile;
    this.seed = seed;
    this.#record = say;
    this.#isVerbose = isVerbose;
    const { scheduler } = this;
    const root = createRandom(seed);
    const [random, network, lives, ids] = [fork(root), fork(root), fork(root), fork(root)];
    this.random = random;
    this.#network = network;
    this.#ids = ids;
    this.broker = createBroker({ scheduler, random: network, wallStart: WALL_START });
    this.tables = createTables(scheduler, network, this.broker.time);
    this.people = createPeople({
      ...{ scheduler, random: lives, profile },
      openGateways: () => this.openGateways(),
      say: (line, about) => this.say(line, about),
      onClosed: (...closed) => {
        for (const listener of this.#closedListeners) listener(...closed);
      },
    });
    this.#directory = createAppDirectory(scheduler, fork(root), this.people.get);
    this.deeds = fork(root);
    this.#openSlots("worker", profile.workers);
    this.#openSlots("sweeper", profile.sweepers);
    this.#openSlots("gateway", profile.gateways);
  }

  say(line: string, about = "world"): void {
    this.scheduler.note(line);
    this.#record(this.scheduler.now(), line, about);
  }

  openGateways(): GatewayHandle[] {
    return this.slots.flatMap(({ running }) =>
      running?.handle && !running.process.isPaused() && running.link.isUp() ? [running.handle] : [],
    );
  }

  hadEarlierWorker(since: number): boolean {
    const isRunning = this.slots.some(({ running }) => running && isEarlierWorker(running));
    return isRunning || this.#earlierWorkerEndedAt >= since;
  }

  onShown(listener: (shown: Shown) => void): void {
    this.#shownListeners.push(listener);
  }

  onClosed(listener: PeopleParts["onClosed"]): void {
    this.#closedListeners.push(listener);
  }

  onCrash(listener: (name: string, error: unknown) => void): void {
    this.#crashListeners.push(listener);
  }

  kill(slot: Slot, restartMs: number, why: string): void {
    const { running } = slot;
    slot.running = undefined;
    if (running) this.#end(running, why);
    this.#startLater(slot, restartMs);
  }

  restart(slot: Slot): void {
    const { running } = slot;
    if (!running?.stop) return;
    this.say(`${running.name} is stopped`, running.name);
    const { handle } = running;
    running.handle = undefined;
    const over = () => {
      if (slot.running !== running) return;
      this.kill(slot, this.random.between(...RESTART_MS), "stopped in good order");
      if (handle) this.people.lose(handle, `closed by ${running.name}, which stops`);
    };
    this.scheduler.after(STOP_WITHIN_MS, over);
    void running.stop().then(over, over);
  }

  crashed(owner: Owner | undefined, error: unknown): boolean {
    const slot = this.slots.find(({ running }) => running?.process === owner);
    if (slot?.running === undefined) return false;
    for (const listener of this.#crashListeners) listener(slot.running.name, error);
    this.kill(slot, this.random.between(...RESTART_MS), `it throws ${messageOf(error)}`);
    return true;
  }

  #openSlots(role: Role, count: number): void {
    for (let index = 1; index <= count; index++) {
      const release = this.#firstRelease();
      const slot: Slot = { role, name: `${role}${index}`, running: undefined, release, closedUntil: 0 };
      this.slots.push(slot);
      this.scheduler.after(this.random.between(0, 500), () => this.#start(slot));
    }
  }

  /** Every fourth world begins in the middle of an upgrade. */
  #firstRelease(): Release {
    return this.seed % 4 === 0 ? this.random.pick(SIDE_BY_SIDE) : "present";
  }

  #start(slot: Slot): void {
    const { scheduler, broker } = this;
    const { release } = slot;
    const name = `${slot.name}.${++this.#started}${release === "present" ? "" : `-${release}`}`;
    const process = createProcess({ name, scheduler, random: fork(this.#ids), wallStart: WALL_START });
    const link = createLink(process, scheduler, this.#network);
    const bus = busOf(release, createSimBus({ process, link, broker, random: this.#network }));
    const running: Running = {
      ...{ name, role: slot.role, release, process, link, startedAt: scheduler.now() },
      ...{ stop: undefined, handle: undefined },
    };
    slot.running = running;
    this.say(`${name} starts`, name);
    void this.#serve(slot, running, bus).catch((error) => {
      // A service that cannot start ends, and its supervisor starts another.
      if (slot.running === running)
        this.kill(slot, this.random.between(...RESTART_MS), `could not start: ${messageOf(error)}`);
    });
  }

  async #serve({ role, release }: Slot, running: Running, bus: Bus): Promise<void> {
    const { name, process, link } = running;
    const parts = {
      ...{ bus, profile: this.profile, store: this.tables.of(process) },
      ...{ directory: this.#directory.of(process) },
      ...{ logger: this.#loggerOf(name), person: this.people.get, release },
    };
    await link.opened;
    if (role === "worker") running.stop = await startWorker(parts);
    else if (role === "sweeper") running.stop = await startSweeper(parts);
    else {
      const gateway = await startGateway(parts, (status) => this.#show(name, status));
      running.stop = gateway.stop;
      await gateway.feed.loaded;
      running.handle = { name, gateway, after: (ms, run) => void process.clock.after(ms, run) };
    }
    this.say(`${name} serves`, name);
  }

  #show(gateway: string, status: StatusMessage): void {
    const shown = { at: this.scheduler.now(), gateway, status };
    const { userId, isOnline, epoch, version } = status;
    this.scheduler.note(`${gateway} ${userId} ${isOnline} ${epoch} ${version}`);
    for (const listener of this.#shownListeners) listener(shown);
  }

  #startLater(slot: Slot, ms: number): void {
    slot.closedUntil = Math.max(slot.closedUntil, this.scheduler.now() + ms);
    this.scheduler.at(slot.closedUntil, () => {
      if (slot.running === undefined && this.scheduler.now() >= slot.closedUntil) this.#start(slot);
    });
  }

  #end(running: Running, why: string): void {
    const { name, process, link, handle } = running;
    if (isEarlierWorker(running)) this.#earlierWorkerEndedAt = this.scheduler.now();
    process.kill();
    link.end();
    this.ended.push(this.scheduler.now());
    this.say(`${name} ends: ${why}`, name);
    if (handle) this.people.lose(handle, `lost with ${name}`);
  }

  #loggerOf(name: string): Logger {
    if (!this.#isVerbose) return SILENT;
    const write = (line: string) => this.#record(this.scheduler.now(), line.trim(), name);
    return pino({ level: "debug", base: null, timestamp: false }, { write }) as Logger;
  }
}

/** A stream of numbers of its own, which depends on nothing but how many were drawn here before. */
const fork = (from: Random): Random => createRandom(Math.floor(from.next() * 2 ** 32));

const isEarlierWorker = ({ role, release }: Running): boolean => role === "worker" && release === "earlier";

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
