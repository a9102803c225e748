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
/** A dead link shows after two to three unanswered pings, one a second. */
const PINGS_MS: readonly [number, number] = [2_000, 3_000];
const RECONNECT_MS: readonly [number, number] = [200, 300];
/** The broker finds out by itself that a connection is gone. */
const BROKER_NOTICES_MS = 10_000;
/** How often what was sent into a link that broke arrives all the same. */
const ARRIVES_LATE = 0.3;

export function createLink(process: SimProcess, scheduler: Scheduler, random: Random): Link {
  let faults = { ...SOUND };
  /** grows with each connection; 0: none yet */
  let session = 0;
  let up = false;
  let ended = false;
  const listeners = new Set<(up: boolean) => void>();
  const begins = new Set<() => () => void>();
  let ends: (() => void)[] = [];
  let lastToBroker = 0;
  let lastOfLane = new Map<string, number>();
  /** what waits where the way is cut, by direction */
  let heldToBroker: { of: number; arrive: () => void }[] = [];
  let heldFromBroker: { of: number; lane: string | undefined; arrive: () => void }[] = [];
  let markOpened: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    markOpened = resolve;
  });

  const between = ([low, high]: readonly [number, number]) => random.between(low, high);
  const travel = () => between(LATENCY_MS) + faults.delay;
  const isThere = () =>
    !faults.cutToBroker && !faults.cutFromBroker && !faults.isBrokerDown && !faults.refusesCredentials;

  const endSession = () => {
    const ending = ends;
    ends = [];
    for (const end of ending) end();
  };

  const connect = () => {
    if (ended || up) return;
    if (!isThere()) {
      process.clock.after(between(RECONNECT_MS), connect);
      return;
    }
    scheduler.after(
      travel(),
      () => {
        if (ended || up) return;
        if (!isThere()) {
          connect();
          return;
        }
        endSession();
        session++;
        lastOfLane = new Map();
        up = true;
        ends = [...begins].map((begin) => begin());
        for (const listener of [...listeners]) listener(true);
        markOpened();
      },
      process,
    );
  };

  const breakNow = (brokerKnows: boolean) => {
    if (!up) return;
    if (brokerKnows) endSession();
    else {
      const broken = session;
      scheduler.after(BROKER_NOTICES_MS, () => {
        if (session === broken && !up) endSession();
      });
    }
    up = false;
    for (const listener of [...listeners]) listener(false);
    process.clock.after(between(RECONNECT_MS), connect);
  };

  /** Unanswered pings tell, unless the way is free again by then. */
  const watchCut = () => {
    const watched = session;
    process.clock.after(between(PINGS_MS), () => {
      if (session === watched && (faults.cutToBroker || faults.cutFromBroker)) breakNow(false);
    });
  };

  const arriveAtBroker = (of: number, arrive: () => void) => {
    if (faults.cutToBroker) heldToBroker.push({ of, arrive });
    else if ((of === session && up && !faults.isBrokerDown) || random.next() < ARRIVES_LATE) arrive();
  };
  const arriveInProcess = (of: number, lane: string | undefined, arrive: () => void) => {
    if (faults.cutFromBroker) heldFromBroker.push({ of, lane, arrive });
    else if (of === session && up) arrive();
  };
  const release = () => {
    if (!faults.cutToBroker) {
      const held = heldToBroker;
      heldToBroker = [];
      for (const { of, arrive } of held) scheduler.after(0, () => arriveAtBroker(of, arrive));
    }
    if (!faults.cutFromBroker) {
      const held = heldFromBroker;
      heldFromBroker = [];
      for (const { of, lane, arrive } of held)
        scheduler.after(0, () => arriveInProcess(of, lane, arrive), process);
    }
  };

  scheduler.after(travel(), connect, process);
  return {
    get faults() {
      return faults;
    },
    set(next) {
      faults = { ...faults, ...next };
      if (next.isBrokerDown && up) {
        scheduler.after(travel(), () => breakNow(true), process);
        endSession();
      }
      if ((next.cutToBroker || next.cutFromBroker) && up) watchCut();
      release();
    },
    recover() {
      faults = { ...SOUND };
      release();
    },
    isUp: () => up,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    opened,
    send(arrive) {
      const of = session;
      if (ended || (!up && random.next() < 0.5)) return;
      lastToBroker = Math.max(lastToBroker, scheduler.now() + travel());
      scheduler.at(lastToBroker, () => arriveAtBroker(of, arrive));
    },
    receive(lane, arrive) {
      if (ended) return;
      const of = session;
      let time = scheduler.now() + travel() + (faults.jitter > 0 ? random.next() * faults.jitter : 0);
      if (lane !== undefined) {
        time = Math.max(time, lastOfLane.get(lane) ?? 0);
        lastOfLane.set(lane, time);
      }
      scheduler.at(time, () => arriveInProcess(of, lane, arrive), process);
    },
    onSession(begin) {
      begins.add(begin);
      if (up) ends.push(begin());
      return () => begins.delete(begin);
    },
    break: () => breakNow(true),
    end() {
      ended = true;
      up = false;
      endSession();
    },
  };
}
