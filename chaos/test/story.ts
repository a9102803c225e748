import type { Finding } from "../oracle/finding.ts";
import type {
  Choice,
  Connection,
  Ending,
  Fault,
  History,
  Order,
  Status,
  Stay,
  Times,
} from "../oracle/history.ts";
import { STANDING } from "../oracle/history.ts";
import { judge } from "../oracle/judge.ts";

export const TIMES: Times = {
  pingIntervalMs: 2_000,
  pingTimeoutMs: 1_500,
  graceMs: 2_000,
  gatewayLeaseMs: 2_000,
  workerLeaseMs: 1_000,
  thresholdMs: 20_000,
  throttleMs: 2_000,
};

/** When a story ends. */
export const END = 60_000;

/** A socket in a story. */
export interface Actor {
  connection: Connection;
  /** A snapshot in which exactly these are online. */
  snapshot(at: number, ...users: Status[]): Actor;
  receives(at: number, ...statuses: Status[]): Actor;
  message(at: number, id: string): Actor;
  active(...at: number[]): Actor;
  ends(at: number, how: Ending): Actor;
}

/** By default a session of 30 s, a standing choice without an end. */
type Ordered<Value> = Partial<Pick<Order<Value>, "slot" | "value" | "lastsMs">> & { isAnswered?: boolean };

export interface Story {
  history: History;
  /** A socket that opens 20 ms before it is authenticated, at `at`. */
  connect(
    userId: string,
    at: number,
    options?: { gateway?: number; client?: number; isResumed?: boolean },
  ): Actor;
  /** An order that is answered 20 ms after it was sent, at `at`; `isAnswered` false: it is not. */
  session(userId: string, at: number, order?: Ordered<Stay>): void;
  choice(userId: string, at: number, order: Ordered<Choice>): void;
  fault(fault: Partial<Fault> & Pick<Fault, "component" | "action" | "injectedAt" | "endedAt">): void;
  findings(): Finding[];
  /** The columns that are not empty. */
  columns(): string[];
}

export const online = (userId: string, version: number, look: Partial<Choice> = {}): Status => ({
  ...{ userId, isOnline: true, epoch: 1, version },
  ...{ availability: "available", statusText: null, ...look },
});
export const offline = (userId: string, version: number, look: Partial<Choice> = {}): Status => ({
  ...online(userId, version, look),
  isOnline: false,
});

/** A history written by hand; Ann and Bob share a room, Eve has one of her own. */
export function createStory(
  members: Record<string, string[]> = { room: ["ann", "bob"], attic: ["eve"] },
): Story {
  const history: History = {
    times: TIMES,
    sweepers: 2,
    members: new Map(Object.entries(members)),
    connections: [],
    sessions: [],
    choices: [],
    messages: [],
    faults: [],
    stalls: [],
    reads: [],
  };
  const findings = () => judge(history, END);
  return {
    history,
    connect(
      userId,
      at,
      {
        gateway = 0,
        client = [...userId].reduce((sum, c) => sum + c.charCodeAt(0), 0),
        isResumed = false,
      } = {},
    ) {
      const connection: Connection = {
        ...{ id: history.connections.length, userId, client, gateway, isResumed },
        openedAt: at - 20,
        authenticatedAt: at,
        ended: null,
        activities: [],
        received: [],
      };
      history.connections.push(connection);
      return actorOf(connection);
    },
    session: (userId, at, order = {}) =>
      void history.sessions.push(
        orderAt(userId, at, { slot: "desk", value: { keepOnline: true }, lastsMs: 30_000, ...order }),
      ),
    choice: (userId, at, order) =>
      void history.choices.push(
        orderAt(userId, at, { slot: STANDING, value: null, lastsMs: null, ...order }),
      ),
    fault: (fault) =>
      void history.faults.push({
        name: "fault",
        targets: [0],
        all: false,
        part: false,
        delayMs: 0,
        recoveryMs: null,
        ...fault,
      }),
    findings,
    columns: () => [...new Set(findings().map(({ column }) => column))],
  };
}

function orderAt<Value>(
  userId: string,
  at: number,
  { isAnswered = true, ...order }: Required<Omit<Ordered<Value>, "isAnswered">> & { isAnswered?: boolean },
): Order<Value> {
  return { userId, ...order, sentAt: at - 20, doneAt: isAnswered ? at : null };
}

function actorOf(connection: Connection): Actor {
  const actor: Actor = {
    connection,
    snapshot(at, ...users) {
      connection.received.push({ at, kind: "snapshot", partial: false, users });
      return actor;
    },
    receives(at, ...statuses) {
      for (const status of statuses) connection.received.push({ at, kind: "status", ...status });
      return actor;
    },
    message(at, id) {
      connection.received.push({ at, kind: "message", id });
      return actor;
    },
    active(...at) {
      connection.activities.push(...at);
      return actor;
    },
    ends(at, how) {
      connection.ended = { at, how };
      return actor;
    },
  };
  return actor;
}

/** Activities often enough never to be idle, from `from` to the end. */
export const busy = (from: number): number[] =>
  Array.from({ length: Math.ceil((END - from) / 5_000) }, (_, index) => from + index * 5_000);
