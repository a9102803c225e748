import { type StreamDefinition, StreamExists, StreamNotFound } from "@meeshy/shared/ports/bus";
import { Stream } from "./stream.ts";
import { createMatcher } from "./subjects.ts";

/** The broker's streams, by name and by the subjects that they take. */
export class StreamTable {
  readonly #streams = new Map<string, Stream>();
  /** broker time, ms since 1970 */
  readonly #time: () => number;
  #takers = new Map<string, Stream | null>();

  constructor(time: () => number) {
    this.#time = time;
  }

  all(): ReadonlyMap<string, Stream> {
    return this.#streams;
  }

  /** @throws {StreamNotFound} */
  named(name: string): Stream {
    const stream = this.#streams.get(name);
    if (stream === undefined) throw new StreamNotFound(name);
    stream.expire(this.#time());
    return stream;
  }

  /** The stream that stores what is sent to a subject. */
  takerOf(subject: string): Stream | null {
    const known = this.#takers.get(subject);
    if (known !== undefined) return known;
    const taker = [...this.#streams.values()].find(({ definition }) =>
      definition.subjects.some((pattern) => createMatcher(pattern)(subject)),
    );
    if (this.#takers.size > 10_000) this.#forgetTakers();
    this.#takers.set(subject, taker ?? null);
    return taker ?? null;
  }

  /** `mark`: another number each time, since two streams of one name are never equally old. */
  create(definition: StreamDefinition, mark: () => number): void {
    const { name, subjects } = definition;
    const overlaps = [...this.#streams.values()].some((other) =>
      other.definition.subjects.some((pattern) => subjects.includes(pattern)),
    );
    if (this.#streams.has(name) || overlaps) throw new StreamExists(name);
    const created = new Date(this.#time()).toISOString().replace("Z", `${String(mark()).padStart(9, "0")}Z`);
    this.#streams.set(name, new Stream(definition, created));
    this.#forgetTakers();
  }

  update(definition: StreamDefinition): void {
    this.named(definition.name).definition = definition;
    this.#forgetTakers();
  }

  delete(name: string): void {
    if (!this.#streams.delete(name)) throw new StreamNotFound(name);
    this.#forgetTakers();
  }

  backup(): Map<string, Stream> {
    return new Map([...this.#streams].map(([name, stream]) => [name, stream.copy()]));
  }

  restore(backup: ReadonlyMap<string, Stream>): void {
    for (const [name, stream] of backup) this.#streams.set(name, stream.copy());
    this.#forgetTakers();
  }

  #forgetTakers(): void {
    this.#takers = new Map();
  }
}
