import type { Random } from "../../chaos/random.ts";
import type { SimProcess } from "../engine/process.ts";
import type { Scheduler } from "../engine/scheduler.ts";

/** What is wrong with a process' way to the broker. Times in ms. */
interface LinkFaults {
  /** nothing gets to the broker; it arrives later, or never */
  cutToBroker: boolean;
  /** nothing gets from the broker */
  cutFromBroker: boolean;
  /** the broker is not there: it refuses connections */
  isBrokerDown: boolean;
  refusesCredentials: boolean;
  /** added to each message, in each direction */
  delay: number;
  /** messages of different subjects may overtake each other by this much */
  jitter: number;
  /** probability that a consumer's delivery is dropped */
  dropsDeliveries: number;
}

const SOUND: LinkFaults = {
  cutToBroker: false,
  cutFromBroker: false,
  isBrokerDown: false,
  refusesCredentials: false,
  delay: 0,
  jitter: 0,
  dropsDeliveries: 0,
};

/** One process' connection to the broker: in order, not for ever, and one way at a time. */
export interface Link {
  readonly faults: Readonly<LinkFaults>;
  set(faults: Partial<LinkFaults>): void;
  recover(): void;
  isUp(): boolean;
  onChange(listener: (up: boolean) => void): () => void;
  /** Resolves when the connection stands for the first time. */
  opened: Promise<void>;
  /** Has `arrive` run at the broker; while the link is down it may vanish. */
  send(arrive: () => void): void;
  /** Has `arrive` run in the process. What has the same `lane` stays in order. */
  receive(lane: string | undefined, arrive: () => void): void;
  /** What the broker holds for this connection, until it ends. */
  onSession(begin: () => () => void): () => void;
  /** The connection breaks now. */
  break(): void;
  /** The process is gone: nothing follows. */
  end(): void;
}

const LATENCY_MS: readonly [number, number] = [0.05, 0.4];
/** A dead link shows by unanswered pings. */
const PINGS_MS: readonly [number, number] = [2_000, 3_000];
const RECONNECT_MS: readonly [number, number] = [200, 300];
/** The broker finds out by itself that a connection is gone. */
const BROKER_NOTICES_MS = 10_000;
/** How often what was sent into a link that broke arrives all the same. */
const ARRIVES_LATE = 0.3;

export function createLink(process: SimProcess, scheduler: Scheduler, random: Random): Link {
  return new SimLink(process, scheduler, random);
}

/** A message that waits where the way is cut, and the connection over which it was sent. */
interface Held {
  of: number;
  arrive: () => void;
}

class SimLink implements Link {
  faults = { ...SOUND };
  readonly opened: Promise<void>;
  readonly #process: SimProcess;
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #listeners = new Set<(up: boolean) => void>();
  readonly #begins = new Set<() => () => void>();
  readonly #markOpened: () => void;
  /** grows with each connection; 0: none yet */
  #session = 0;
  #up = false;
  #ended = false;
  #ends: (() => void)[] = [];
  #lastToBroker = 0;
  #lastOfLane = new Map<string, number>();
  #heldToBroker: Held[] = [];
  #heldFromBroker: Held[] = [];

  constructor(process: SimProcess, scheduler: Scheduler, random: Random) {
    this.#process = process;
    this.#scheduler = scheduler;
    this.#random = random;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.opened = promise;
    this.#markOpened = resolve;
    scheduler.after(this.#travel(), () => this.#connect(), process);
  }

  set(next: Partial<LinkFaults>): void {
    this.faults = { ...this.faults, ...next };
    if (next.isBrokerDown && this.#up) {
      this.#scheduler.after(this.#travel(), () => this.break(), this.#process);
      this.#endSession();
    }
    if ((next.cutToBroker || next.cutFromBroker) && this.#up) this.#watchCut();
    this.#release();
  }

  recover(): void {
    this.faults = { ...SOUND };
    this.#release();
  }

  isUp = (): boolean => this.#up;

  onChange(listener: (up: boolean) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  send(arrive: () => void): void {
    const of = this.#session;
    if (this.#ended || (!this.#up && this.#random.next() < 0.5)) return;
    this.#lastToBroker = Math.max(this.#lastToBroker, this.#scheduler.now() + this.#travel());
    this.#scheduler.at(this.#lastToBroker, () => this.#arriveAtBroker({ of, arrive }));
  }

  receive(lane: string | undefined, arrive: () => void): void {
    if (this.#ended) return;
    const of = this.#session;
    const { jitter } = this.faults;
    let time = this.#scheduler.now() + this.#travel() + (jitter > 0 ? this.#random.next() * jitter : 0);
    if (lane !== undefined) {
      time = Math.max(time, this.#lastOfLane.get(lane) ?? 0);
      this.#lastOfLane.set(lane, time);
    }
    this.#scheduler.at(time, () => this.#arriveInProcess({ of, arrive }), this.#process);
  }

  onSession(begin: () => () => void): () => void {
    this.#begins.add(begin);
    if (this.#up) this.#ends.push(begin());
    return () => this.#begins.delete(begin);
  }

  break(): void {
    this.#break(true);
  }

  end(): void {
    this.#ended = true;
    this.#up = false;
    this.#endSession();
  }

  #between([low, high]: readonly [number, number]): number {
    return this.#random.between(low, high);
  }

  #travel(): number {
    return this.#between(LATENCY_MS) + this.faults.delay;
  }

  #isThere(): boolean {
    const { cutToBroker, cutFromBroker, isBrokerDown, refusesCredentials } = this.faults;
    return !cutToBroker && !cutFromBroker && !isBrokerDown && !refusesCredentials;
  }

  #connect(): void {
    if (this.#ended || this.#up) return;
    if (this.#isThere()) this.#scheduler.after(this.#travel(), () => this.#open(), this.#process);
    else this.#reconnectLater();
  }

  #reconnectLater(): void {
    this.#process.clock.after(this.#between(RECONNECT_MS), () => this.#connect());
  }

  #open(): void {
    if (this.#ended || this.#up) return;
    if (!this.#isThere()) {
      this.#connect();
      return;
    }
    this.#endSession();
    this.#session++;
    this.#lastOfLane = new Map();
    this.#up = true;
    this.#ends = [...this.#begins].map((begin) => begin());
    for (const listener of [...this.#listeners]) listener(true);
    this.#markOpened();
  }

  #endSession(): void {
    const ending = this.#ends;
    this.#ends = [];
    for (const end of ending) end();
  }

  #break(brokerKnows: boolean): void {
    if (!this.#up) return;
    if (brokerKnows) this.#endSession();
    else {
      const broken = this.#session;
      this.#scheduler.after(BROKER_NOTICES_MS, () => {
        if (this.#session === broken && !this.#up) this.#endSession();
      });
    }
    this.#up = false;
    for (const listener of [...this.#listeners]) listener(false);
    this.#reconnectLater();
  }

  /** Unanswered pings end the connection, unless the way is free again by then. */
  #watchCut(): void {
    const watched = this.#session;
    this.#process.clock.after(this.#between(PINGS_MS), () => {
      const { cutToBroker, cutFromBroker } = this.faults;
      if (this.#session === watched && (cutToBroker || cutFromBroker)) this.#break(false);
    });
  }

  #arriveAtBroker(held: Held): void {
    if (this.faults.cutToBroker) this.#heldToBroker.push(held);
    else if (
      (held.of === this.#session && this.#up && !this.faults.isBrokerDown) ||
      this.#random.next() < ARRIVES_LATE
    )
      held.arrive();
  }

  #arriveInProcess(held: Held): void {
    if (this.faults.cutFromBroker) this.#heldFromBroker.push(held);
    else if (held.of === this.#session && this.#up) held.arrive();
  }

  #release(): void {
    if (!this.faults.cutToBroker) {
      const held = this.#heldToBroker;
      this.#heldToBroker = [];
      for (const one of held) this.#scheduler.after(0, () => this.#arriveAtBroker(one));
    }
    if (!this.faults.cutFromBroker) {
      const held = this.#heldFromBroker;
      this.#heldFromBroker = [];
      for (const one of held) this.#scheduler.after(0, () => this.#arriveInProcess(one), this.#process);
    }
  }
}
