import type { Clock } from "./clock.ts";

/**
 * What a process asks of the message broker, in the broker's terms: subjects, streams whose messages have
 * consecutive sequences, compare-and-set of a subject's last value. `openNats` implements it on a
 * nats-server, the simulation in memory; one conformance suite holds both to the same behaviour.
 *
 * A question to the broker (`lastValue`, `messageAt`, `info`, `purge`, `createStream`, `updateStream`) is
 * asked once and rejects with {@link RequestTimeout} without an answer in time: 1 to 15 s on a nats-server, by
 * how fast it has answered (`createPatience`). What the broker refuses for another reason rejects with the
 * broker's own error.
 */
export interface Bus {
  /** The clock of the process whose link this is: acknowledgements and heartbeats are measured by it. */
  readonly clock: Clock;

  /** true between connect and disconnect; what was published in between may still be lost */
  isUp(): boolean;
  /** true once the link has ended for good */
  isClosed(): boolean;
  /** Calls back on every change of the link; returns the function that ends it. */
  onChange(listener: (up: boolean) => void): () => void;
  /**
   * Resolves once the server has read everything that was sent before.
   * @throws {Error} the link broke meanwhile: what was sent may be lost
   */
  flush(): Promise<void>;
  /** Ends the link for good. Publishes that wait for an acknowledgement get {@link AckLost}. */
  close(): Promise<void>;

  /** Sends to the subscribers of the moment. What is sent while the link is down may vanish without an error. */
  publish(subject: string, data?: Uint8Array): void;
  /** Delivers what is published on `subject` (`*` and `>` are wildcards), until unsubscribed, across reconnects. */
  subscribe(
    subject: string,
    onMessage: (message: BusMessage) => void,
    options?: { queue?: string },
  ): Subscription;
  /**
   * The first answer's payload.
   * @throws {RequestTimeout} there is none within `timeoutMs`
   * @throws {Error} at once, when the subject has no subscriber
   */
  request(subject: string, data: Uint8Array, timeoutMs: number): Promise<Uint8Array>;

  /** Acknowledged writes to streams. */
  readonly acks: Acks;
  /**
   * The last value of one subject, delete markers included; `undefined` when there is none. By `"any"` replica of the
   * stream, which may lag behind, or by its `"leader"`, which is the one that writes are compared with: a replica may
   * count the same messages otherwise.
   * @throws {RequestTimeout} no answer
   */
  lastValue(stream: string, subject: string, by?: AnsweredBy): Promise<LastValue | undefined>;
  /**
   * The message at this stream sequence, its `time` in ms since 1970; `undefined` when there is none.
   * @throws {RequestTimeout} no answer
   */
  messageAt(stream: string, seq: number): Promise<Pick<Stored, "subject" | "data" | "time"> | undefined>;
  /**
   * The stream's ends, size and definition. Begins at once: the answer is never older than the call (ADR
   * 0005).
   * @throws {StreamNotFound}
   * @throws {RequestTimeout} no answer
   */
  info(stream: string): Promise<StreamInfo>;
  /**
   * Reads a stream through one ephemeral consumer, for as long as that can be trusted; `follow` replaces one
   * that ended. Resolves once the consumer is created.
   * @throws {StreamNotFound}
   * @throws {RequestTimeout} it was not created within `createdWithinMs`
   */
  consume(options: ConsumeOptions): Promise<Consumer>;
  /**
   * Removes messages: those of `filter`, those below the sequence `below`, or those that are both.
   * @throws {StreamNotFound}
   * @throws {RequestTimeout} no answer: they may or may not be removed
   */
  purge(stream: string, what: { filter?: string; below?: number }): Promise<void>;
  /**
   * Creates the stream.
   * @throws {StreamExists} one of its name, or with its subjects, is there
   * @throws {StorageTooSmall} the server has less room than `maxBytes`
   * @throws {RequestTimeout} no answer: it may or may not be created
   */
  createStream(definition: StreamDefinition): Promise<void>;
  /**
   * Changes what can be changed of a stream.
   * @throws {StreamNotFound}
   * @throws {StorageTooSmall} the server has less room than `maxBytes`
   * @throws {Error} the server's reason why it cannot be changed so
   */
  updateStream(definition: StreamDefinition): Promise<void>;
}

type AnsweredBy = "any" | "leader";

export interface BusMessage {
  subject: string;
  data: Uint8Array;
  /** stream sequence, of a stored message that was republished; `undefined` of any other */
  seq: number | undefined;
  /** W3C trace context of its sender, if it gave one */
  traceparent?: string | undefined;
  /** Answers a request; does nothing where none is expected. */
  respond(data?: Uint8Array): void;
}

export interface Subscription {
  /** Nothing is handed on any more. */
  unsubscribe(): void;
}

export interface Acks {
  /** Calls back exactly once: with the acknowledgement, or with {@link AckLost} or {@link PublishRefused}. */
  send(subject: string, data: Uint8Array, onAck: AckCallback, options?: AppendOptions): void;
  /**
   * {@link Acks.send} as a promise.
   * @throws {AckLost} no acknowledgement in time, or the link broke: the message may be stored
   * @throws {PublishRefused} the broker refused it: it is not stored
   */
  publish(subject: string, data: Uint8Array, options?: AppendOptions): Promise<PubAck>;
}

export type AckCallback = (error: AckLost | PublishRefused | null, ack: PubAck | null) => void;

/** The broker's answer to a stored publish. */
export interface PubAck {
  stream: string;
  seq: number;
}

/** Called with the answer after all, when it arrives after {@link AckLost}. */
export interface LateAnswers {
  /** The message is stored. */
  onLate?: (ack: PubAck) => void;
  /** It is not. */
  onLateRefusal?: (error: PublishRefused) => void;
}

export interface AppendOptions extends LateAnswers {
  /** Stored only if this is the subject's last sequence (0: it has none); else refused, see {@link isConflict}. */
  expected?: number;
  /** Leaves a delete marker; the data stays readable with it. */
  deletes?: boolean;
  /** W3C trace context, as a header; a republished message carries it too. */
  traceparent?: string | undefined;
  /** Within the stream's window, a second message with the same id is acknowledged, and not stored. */
  messageId?: string;
}

export interface LastValue {
  /** the stream sequence, which is the revision to expect */
  seq: number;
  data: Uint8Array;
  /** a delete marker: the subject has a revision, but no value; `data` is what its writer left with it */
  deleted: boolean;
}

export interface StreamInfo {
  /** when the stream was made, by the broker's clock, in its own format */
  created: string;
  /** the first sequence that is held; last + 1 of an empty stream */
  first: number;
  last: number;
  bytes: number;
  definition: StreamDefinition;
}

/** The part of a stream's configuration that is ours. */
export interface StreamDefinition {
  name: string;
  subjects: string[];
  /** ms; 0: messages do not expire */
  maxAgeMs: number;
  /** bytes of one message; -1: the server's own limit */
  maxMessageBytes: number;
  /** bytes of all messages; -1: any */
  maxBytes: number;
  /** -1: any number */
  maxMessagesPerSubject: number;
  /** what happens at `maxBytes`: the oldest messages go, or new ones are refused */
  discard: "old" | "new";
  /** Stored messages are also published elsewhere. */
  republish?: { from: string; to: string };
  /** whether a message may ask for all before it to be removed, as key-value buckets need it */
  allowRollup: boolean;
  /** whether single messages may not be removed */
  denyDelete: boolean;
  replicas: number;
}

/** A message of a stream. `time`: the broker's timestamp, ms since 1970. */
export interface Stored {
  seq: number;
  subject: string;
  data: Uint8Array;
  time: number;
  /** a delete marker */
  deleted: boolean;
  /** how many messages of the filter the stream held after this one when it was sent; the server may count too many */
  pending: number;
}

export interface ConsumeOptions {
  stream: string;
  /** subject filter; `*` and `>` are wildcards */
  filter: string;
  /** the first sequence to deliver */
  from: number;
  /** how long the server may take to answer the request for the consumer, ms; longer on a link that is known to be slow */
  createdWithinMs: number;
  /** A promise holds up the messages that follow. */
  onMessage: (message: Stored) => void | Promise<void>;
  /** The end of the stream was reached. Called at least once, after the messages before it. */
  onCaughtUp: () => void;
}

export interface Consumer {
  /** ms that the server needed to create it */
  tookMs: number;
  /** Resolves with the reason why it ended; rejects with what `onMessage` threw. No message is skipped or repeated before. */
  ended: Promise<string>;
  /** Ends it after the message that is being handled; `ended` gives the first reason. */
  end(reason: string): void;
}

/** No answer came in time: the message may or may not have been stored. */
export class AckLost extends Error {
  constructor(subject: string) {
    super(`no acknowledgement for ${subject}`);
    this.name = "AckLost";
  }
}

/** The broker refused the message; `code` is JetStream's `err_code`. */
export class PublishRefused extends Error {
  readonly code: number;
  constructor(subject: string, code: number, description: string) {
    super(`${subject}: ${description} (${code})`);
    this.name = "PublishRefused";
    this.code = code;
  }
}

/** The request was not answered in time. */
export class RequestTimeout extends Error {
  constructor(subject: string) {
    super(`no answer on ${subject}`);
    this.name = "RequestTimeout";
  }
}

export class StreamNotFound extends Error {
  constructor(stream: string) {
    super(`there is no stream ${stream}`);
    this.name = "StreamNotFound";
  }
}

export class StreamExists extends Error {
  constructor(stream: string, cause?: Error) {
    super(`the stream ${stream}, or one with its subjects, is there already: ${cause?.message ?? stream}`, {
      cause,
    });
    this.name = "StreamExists";
  }
}

/** The server has not as much room as the stream may take. */
export class StorageTooSmall extends Error {
  constructor(stream: string, cause: Error) {
    super(`no room for ${stream}: ${cause.message}`, { cause });
    this.name = "StorageTooSmall";
  }
}

/** `err_code` of a compare-and-set whose expected sequence is not the last one. */
export const WRONG_LAST_SEQUENCE = 10071;
/** `err_code` of a message over the stream's own limit. */
export const MESSAGE_TOO_LARGE = 10054;

/**
 * The expected sequence was not the last one: another writer was first, or an own write whose acknowledgement
 * was lost.
 */
export const isConflict = (error: unknown): boolean =>
  error instanceof PublishRefused && error.code === WRONG_LAST_SEQUENCE;

/** The message is over a limit of the broker's: the same bytes will never be stored. */
export const isTooLarge = (error: unknown): boolean =>
  error instanceof PublishRefused && error.code === MESSAGE_TOO_LARGE;
