/**
 * What is known of a run from outside: what the clients did and received, which faults were injected, what the
 * database said. Every time is in ms of the driver's one monotonic clock.
 */
export interface History {
  times: Times;
  /** how many there are */
  sweepers: number;
  /** user ids by conversation id */
  members: ReadonlyMap<string, readonly string[]>;
  connections: Connection[];
  /** by session id: what keeps people online without a socket */
  sessions: Order<Stay>[];
  /** by layer, {@link STANDING}, {@link TIMED} or the name of a service: what people are to be shown as */
  choices: Order<Choice>[];
  messages: AckedMessage[];
  faults: Fault[];
  /** when the driver itself stood still, so that its times are late */
  stalls: { from: number; to: number }[];
  reads: DatabaseRead[];
}

/** The configured times, ms: the variables of CONTRACT 2. */
export interface Times {
  pingIntervalMs: number;
  pingTimeoutMs: number;
  graceMs: number;
  gatewayLeaseMs: number;
  workerLeaseMs: number;
  thresholdMs: number;
  throttleMs: number;
}

/**
 * How a connection ended, as its client knows it. `left`: said goodbye. `closed`: a closed tab. `vanished`: a killed
 * process. `frozen`: nothing is read or answered any more, the socket stays open. `dropped`: not the client's doing.
 * `refused`: never was one.
 */
export type Ending = "left" | "closed" | "vanished" | "frozen" | "dropped" | "refused";

/** One socket of a person. */
export interface Connection {
  id: number;
  userId: string;
  /** the client whose socket it is: one after the other, the same person at the same screen */
  client: number;
  /** index of the gateway */
  gateway: number;
  /** the client has opened it by itself, after it was cut off, and said so: no one has done anything for it */
  isResumed: boolean;
  openedAt: number;
  /** `authenticated` arrived: the connection is in the log */
  authenticatedAt: number | null;
  ended: { at: number; how: Ending } | null;
  /** when the person did something over it */
  activities: number[];
  received: Received[];
}

/**
 * What was asked for a person over REST or NATS. It is in force until the next order of its slot, or for as long as it
 * was asked for.
 */
export interface Order<Value> {
  userId: string;
  slot: string;
  /** null: nothing any more */
  value: Value | null;
  /** ends by itself after so many ms; null: never */
  lastsMs: number | null;
  sentAt: number;
  /** the answer said that it is carried out; null: none did, and it may be carried out yet */
  doneAt: number | null;
}

/** A session without a socket. */
export interface Stay {
  keepOnline: boolean;
}

/** What a person is shown as; `availability` may be `invisible` in an order. */
export interface Choice {
  availability: string;
  statusText: string | null;
}

/** The slots of a person's own choices; any other is that of a service. */
export const STANDING = "standing";
export const TIMED = "timed";

/** The presence columns of a row. */
export interface Row {
  userId: string;
  isOnline: boolean;
  epoch: number;
  version: number;
}

/** A status as viewers receive it, as far as it is judged. */
export interface Status extends Row, Choice {}

/** Something that arrived on a socket. */
export type Received = { at: number } & (
  | ({ kind: "status" } & Status)
  | { kind: "snapshot"; partial: boolean; users: Status[] }
  | { kind: "message"; id: string }
);

/** A chat message that the server has acknowledged. */
export interface AckedMessage {
  id: string;
  conversationId: string;
  /** index of the gateway that took it */
  gateway: number;
  sentAt: number;
  ackedAt: number;
}

export type Component = "gateway" | "worker" | "sweeper" | "nats" | "database";

/**
 * `kill`: SIGKILL. `stop`: SIGSTOP, later SIGCONT. `fill`: the broker can store nothing.
 *
 * The others happen to the link between one process and the broker; the process and its other links go on. `cut`:
 * connections break, and new ones. `freeze`: they stay, and nothing passes. `freeze-in`: the process receives nothing,
 * the broker receives all. `freeze-out`: the other way round. `refuse`: its password is wrong. `slow`: what the broker
 * sends, acknowledgements included, comes later. `narrow`: few bytes a second.
 */
export type Action =
  | "kill"
  | "stop"
  | "fill"
  | "cut"
  | "freeze"
  | "freeze-in"
  | "freeze-out"
  | "refuse"
  | "slow"
  | "narrow";

/** A fault as it was injected. */
export interface Fault {
  name: string;
  component: Component;
  action: Action;
  /** for `slow`: by how much, ms; 0 for the others */
  delayMs: number;
  /** indices of the processes hit */
  targets: readonly number[];
  /** none of its kind was left */
  all: boolean;
  /** of each target, a gateway of several processes, one process alone was hit */
  part: boolean;
  injectedAt: number;
  /** when those hit ran again, their links were whole, or there was room: Infinity while that is not so */
  endedAt: number;
  /** ms from the injection until every view was right for good; null: it was not in time */
  recoveryMs: number | null;
}

/** One look at the presence columns. */
export interface DatabaseRead {
  at: number;
  rows: Row[];
}
