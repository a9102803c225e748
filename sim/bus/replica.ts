import type { Scheduler } from "../engine/scheduler.ts";
import { type BrokerConsumer, type ConsumerOptions, Feeds } from "./feeds.ts";
import type { Kept, Stream } from "./stream.ts";
import type { StreamTable } from "./stream-table.ts";

export interface ReplicaFaults {
  /** What the leader stores is here so much later, ms. */
  lagsMs: number;
  /**
   * The next message of this stream is stored twice, and so every one after it has another sequence than with the
   * leader: what nats-server 2.9.10 can do at an election. `undefined`: all count alike.
   */
  doublesNextOf: string | undefined;
}

/** A copy of the streams on another server than the leader's: it may be behind, and count otherwise. */
export class Replica {
  readonly #streams: StreamTable;
  readonly #scheduler: Scheduler;
  readonly #feeds = new Feeds();
  readonly #lagsMs: number;
  #doublesNextOf: string | undefined;
  #isOver = false;

  /** `streams`: its copy, as it is now */
  constructor(streams: StreamTable, scheduler: Scheduler, { lagsMs, doublesNextOf }: ReplicaFaults) {
    this.#streams = streams;
    this.#scheduler = scheduler;
    this.#lagsMs = lagsMs;
    this.#doublesNextOf = doublesNextOf;
  }

  /** @throws {StreamNotFound} */
  named = (stream: string): Stream => this.#streams.named(stream);

  consume = (options: ConsumerOptions): BrokerConsumer =>
    this.#feeds.begin(this.named(options.stream), options);

  /** The leader has stored a message. */
  append(stream: string, { subject, data, deleted, time }: Kept): void {
    const store = () => {
      const appended = this.named(stream).append(subject, data, { deletes: deleted }, time);
      if ("kept" in appended) this.#feeds.deliver(stream, appended.kept);
    };
    this.#follow(() => {
      if (this.#doublesNextOf === stream) {
        this.#doublesNextOf = undefined;
        store();
      }
      store();
    });
  }

  /** The leader has removed messages. */
  purge(stream: string, what: Parameters<Stream["purge"]>[0]): void {
    this.#follow(() => this.named(stream).purge(what));
  }

  /** Its server is gone, and its consumers with it. */
  end(): void {
    this.#isOver = true;
    this.#feeds.end(() => true);
  }

  #follow(step: () => void): void {
    this.#scheduler.after(this.#lagsMs, () => {
      if (!this.#isOver) step();
    });
  }
}
