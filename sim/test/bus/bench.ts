import type { Bus, Stored, StreamDefinition } from "@meeshy/shared/ports/bus";

/** A broker of its own for each case. */
export interface Bench {
  /** Two processes' links to one broker without any stream. */
  run(work: (bus: Bus, other: Bus) => Promise<void>): Promise<void>;
}

export const definition = (changes: Partial<StreamDefinition> = {}): StreamDefinition => ({
  name: "THINGS",
  subjects: ["things.>"],
  maxAgeMs: 0,
  maxMessageBytes: -1,
  maxBytes: -1,
  maxMessagesPerSubject: -1,
  discard: "old",
  allowRollup: false,
  denyDelete: false,
  replicas: 1,
  ...changes,
});
export const text = (value: string) => new TextEncoder().encode(value);
export const read = (data: Uint8Array) => new TextDecoder().decode(data);

/** Waits for a condition in the time of the bus. */
export async function until(bus: Bus, what: string, probe: () => boolean | Promise<boolean>): Promise<void> {
  const end = bus.clock.now() + 10_000;
  while (!(await probe())) {
    if (bus.clock.now() > end) throw new Error(`${what} did not come about`);
    await bus.clock.sleep(20);
  }
}

/** What arrives on a subject, once the subscription stands at the broker. */
export async function listen(bus: Bus, subject: string, options?: { queue?: string }): Promise<string[]> {
  const received: string[] = [];
  bus.subscribe(
    subject,
    ({ data, seq }) => received.push(seq === undefined ? read(data) : `${seq} ${read(data)}`),
    options,
  );
  await bus.flush();
  return received;
}

export async function readFrom(
  bus: Bus,
  from: number,
  filter = "things.>",
): Promise<{ stored: Stored[]; atEnd: number[] }> {
  const seen = { stored: [] as Stored[], atEnd: [] as number[] };
  await bus.consume({
    stream: "THINGS",
    filter,
    from,
    createdWithinMs: 1_000,
    onMessage: (message) => void seen.stored.push(message),
    onCaughtUp: () => seen.atEnd.push(seen.stored.length),
  });
  return seen;
}
