import type { Kept, Stream } from "./stream.ts";
import { createMatcher } from "./subjects.ts";

export interface BrokerConsumer {
  /** how many messages there were to deliver when it was made */
  backlog: number;
  /** the sequence of the last of them; 0: none */
  lastThere: number;
  stop: () => void;
}

export interface ConsumerOptions {
  stream: string;
  filter: string;
  /** the first sequence to deliver */
  from: number;
  deliver: (kept: Kept, pending: number) => void;
  /** It delivers nothing any more, and says nothing of it. */
  fallSilent: () => void;
}

type Feeding = Pick<ConsumerOptions, "stream" | "deliver" | "fallSilent"> & {
  matches: (subject: string) => boolean;
};

/** The consumers that one server holds, which deliver what its copy of the streams has. */
export class Feeds {
  readonly #feeding = new Set<Feeding>();

  /** Begins to deliver, at once. */
  begin(copy: Stream, { stream, filter, from, deliver, fallSilent }: ConsumerOptions): BrokerConsumer {
    const feeding = { stream, matches: createMatcher(filter), deliver, fallSilent };
    const backlog = [...copy.since(from)].filter(({ subject }) => feeding.matches(subject));
    this.#feeding.add(feeding);
    let pending = backlog.length;
    for (const kept of backlog) deliver(kept, --pending);
    const stop = () => void this.#feeding.delete(feeding);
    return { backlog: backlog.length, lastThere: backlog.at(-1)?.seq ?? 0, stop };
  }

  /** Delivers what was stored now. */
  deliver(stream: string, kept: Kept): void {
    for (const feeding of this.#feeding)
      if (feeding.stream === stream && feeding.matches(kept.subject)) feeding.deliver(kept, 0);
  }

  /** Ends consumers, without a word. */
  end(ends: (consumer: Pick<ConsumerOptions, "stream">) => boolean): void {
    for (const feeding of [...this.#feeding]) {
      if (!ends(feeding)) continue;
      this.#feeding.delete(feeding);
      feeding.fallSilent();
    }
  }
}
