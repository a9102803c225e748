import {
  type Bus,
  isConflict,
  isTooLarge,
  type Stored,
  type StreamDefinition,
  StreamExists,
  StreamNotFound,
} from "@meeshy/shared/ports/bus";
import { describe, expect, test } from "vitest";

/** A broker of its own for each case. */
export interface Bench {
  /** Two processes' links to one broker without any stream. */
  run(work: (bus: Bus, other: Bus) => Promise<void>): Promise<void>;
}

const definition = (changes: Partial<StreamDefinition> = {}): StreamDefinition => ({
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
const text = (value: string) => new TextEncoder().encode(value);
const read = (data: Uint8Array) => new TextDecoder().decode(data);
const KILOBYTE = new Uint8Array(1_024);

/** Waits for a condition in the time of the bus. */
async function until(bus: Bus, what: string, probe: () => boolean | Promise<boolean>): Promise<void> {
  const end = bus.clock.now() + 10_000;
  while (!(await probe())) {
    if (bus.clock.now() > end) throw new Error(`${what} did not come about`);
    await bus.clock.sleep(20);
  }
}

/** What arrives on a subject, once the subscription stands at the broker. */
async function listen(bus: Bus, subject: string, options?: { queue?: string }): Promise<string[]> {
  const heard: string[] = [];
  bus.subscribe(
    subject,
    ({ data, seq }) => heard.push(seq === undefined ? read(data) : `${seq} ${read(data)}`),
    options,
  );
  await bus.flush();
  return heard;
}

async function readFrom(
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

/** What every implementation of {@link Bus} has to do alike. */
export function describeBus(name: string, { run }: Bench): void {
  describe(`${name}: messages`, () => {
    test("reach every subscriber whose pattern matches, and one of a queue group", () =>
      run(async (bus, other) => {
        const [all, one, exact, none] = [
          await listen(bus, "a.>"),
          await listen(other, "a.*"),
          await listen(other, "a.b"),
          await listen(other, "a.*.c"),
        ];
        const [left, right] = [
          await listen(bus, "a.b", { queue: "q" }),
          await listen(other, "a.b", { queue: "q" }),
        ];
        bus.publish("a.b", text("1"));
        await bus.flush();
        await until(bus, "the message", () => all.length + one.length + exact.length === 3);
        await until(bus, "the group's message", () => left.length + right.length === 1);
        expect(none).toEqual([]);
      }));

    test("are not delivered any more after an unsubscribe", () =>
      run(async (bus, other) => {
        const heard: string[] = [];
        const subscription = bus.subscribe("a", ({ data }) => heard.push(read(data)));
        const witness = await listen(bus, "a");
        subscription.unsubscribe();
        await bus.flush();
        other.publish("a", text("1"));
        await until(bus, "the message", () => witness.length === 1);
        expect(heard).toEqual([]);
      }));

    test("are answered, or rejected at once where nothing serves the subject", () =>
      run(async (bus, other) => {
        other.subscribe("echo", (message) => message.respond(text(`${read(message.data)}!`)));
        await other.flush();
        expect(read(await bus.request("echo", text("hi"), 5_000))).toBe("hi!");
        const began = bus.clock.now();
        await expect(bus.request("nothing", text("hi"), 60_000)).rejects.toThrow();
        expect(bus.clock.now() - began).toBeLessThan(10_000);
      }));

    test("that are requests reject when no answer comes in time", () =>
      run(async (bus, other) => {
        await listen(other, "mute");
        await expect(bus.request("mute", text("hi"), 300)).rejects.toMatchObject({ name: "RequestTimeout" });
      }));
  });

  describe(`${name}: streams`, () => {
    test("take messages under consecutive sequences, and know the last of each subject", () =>
      run(async (bus) => {
        await bus.createStream(definition());
        const sent = [];
        for (const subject of ["things.a", "things.b", "things.a"])
          sent.push(await bus.acks.publish(subject, text(`${subject} ${sent.length}`)));
        expect(sent.map(({ stream, seq }) => [stream, seq])).toEqual([
          ["THINGS", 1],
          ["THINGS", 2],
          ["THINGS", 3],
        ]);
        const last = await bus.lastValue("THINGS", "things.a");
        expect(last && { ...last, data: read(last.data) }).toEqual({
          seq: 3,
          data: "things.a 2",
          deleted: false,
        });
        expect(await bus.lastValue("THINGS", "things.c")).toBeUndefined();
        expect(await bus.info("THINGS")).toMatchObject({ first: 1, last: 3 });
        expect(await bus.messageAt("THINGS", 2)).toMatchObject({ time: expect.any(Number) });
        expect(await bus.messageAt("THINGS", 9)).toBeUndefined();
      }));

    test("refuse a message that expects another last sequence of its subject, which plain subscribers get all the same", () =>
      run(async (bus, other) => {
        await bus.createStream(definition());
        const heard = await listen(other, "things.a");
        await bus.acks.publish("things.a", text("1"), { expected: 0 });
        await bus.acks.publish("things.b", text("2"), { expected: 0 });
        await bus.acks.publish("things.a", text("3"), { expected: 1 });
        const refused = await bus.acks
          .publish("things.a", text("4"), { expected: 1 })
          .catch((error) => error);
        expect(isConflict(refused)).toBe(true);
        expect(await bus.info("THINGS")).toMatchObject({ last: 3 });
        await until(bus, "all three", () => heard.length === 3);
        expect(heard).toEqual(["1", "3", "4"]);
      }));

    test("republish what they have stored, with its sequence, and nothing else", () =>
      run(async (bus, other) => {
        const republish = { from: "things.*", to: "seen.{{wildcard(1)}}" };
        await bus.createStream(definition({ subjects: ["things.*"], republish, maxMessagesPerSubject: 1 }));
        const heard = await listen(other, "seen.*");
        await bus.acks.publish("things.a", text("1"), { expected: 0 });
        await bus.acks.publish("things.a", text("2"), { expected: 0 }).catch(() => {});
        await bus.acks.publish("things.a", text("3"), { expected: 1 });
        await until(bus, "both", () => heard.length === 2);
        expect(heard).toEqual(["1 1", "2 3"]);
      }));

    test("acknowledge a message id that they know, and do not store it again", () =>
      run(async (bus, other) => {
        await bus.createStream(definition());
        const heard = await listen(other, "things.a");
        const first = await bus.acks.publish("things.a", text("1"), { messageId: "m" });
        await bus.acks.publish("things.a", text("2"));
        const again = await bus.acks.publish("things.a", text("3"), { messageId: "m" });
        expect(again.seq).toBe(first.seq);
        expect(await bus.info("THINGS")).toMatchObject({ last: 2 });
        await until(bus, "all three", () => heard.length === 3);
      }));

    test("keep a delete marker with its data as the last value", () =>
      run(async (bus) => {
        await bus.createStream(definition({ maxMessagesPerSubject: 1, allowRollup: true }));
        await bus.acks.publish("things.a", text("1"));
        await bus.acks.publish("things.a", text("gone"), { expected: 1, deletes: true });
        const last = await bus.lastValue("THINGS", "things.a");
        expect(last && { ...last, data: read(last.data) }).toEqual({ seq: 2, data: "gone", deleted: true });
        const { stored } = await readFrom(bus, 1);
        await until(bus, "the marker", () => stored.length === 1);
        expect(stored[0]).toMatchObject({ seq: 2, deleted: true });
      }));

    test("refuse what is over their own limit, and what is over the broker's", () =>
      run(async (bus) => {
        await bus.createStream(definition({ maxMessageBytes: 1_024 }));
        await bus.acks.publish("things.a", KILOBYTE);
        for (const bytes of [1_025, 2 * 1_024 * 1_024]) {
          const refused = await bus.acks.publish("things.a", new Uint8Array(bytes)).catch((error) => error);
          expect(isTooLarge(refused)).toBe(true);
        }
        expect(bus.isUp()).toBe(true);
        expect(await bus.info("THINGS")).toMatchObject({ last: 1 });
      }));

    test("keep only the newest messages of a subject", () =>
      run(async (bus) => {
        await bus.createStream(definition({ maxMessagesPerSubject: 2 }));
        for (let sent = 0; sent < 4; sent++) await bus.acks.publish("things.a", text(`${sent}`));
        expect(await bus.info("THINGS")).toMatchObject({ first: 3, last: 4 });
      }));

    test("make room for new messages, or refuse them, when they hold all that they may", () =>
      run(async (bus) => {
        await bus.createStream(definition({ maxBytes: 5_000 }));
        await bus.createStream(
          definition({ name: "FIXED", subjects: ["fixed.>"], maxBytes: 5_000, discard: "new" }),
        );
        let refused = 0;
        for (let sent = 0; sent < 10; sent++) {
          await bus.acks.publish("things.a", KILOBYTE);
          await bus.acks.publish("fixed.a", KILOBYTE).catch(() => refused++);
        }
        const [open, fixed] = [await bus.info("THINGS"), await bus.info("FIXED")];
        expect(open.last).toBe(10);
        expect(open.first).toBeGreaterThan(5);
        expect(open.bytes).toBeLessThanOrEqual(5_000);
        expect(fixed.first).toBe(1);
        expect(refused).toBe(10 - fixed.last);
        expect(refused).toBeGreaterThan(4);
      }));

    test("forget messages that are too old", () =>
      run(async (bus) => {
        await bus.createStream(definition({ maxAgeMs: 1_000 }));
        await bus.acks.publish("things.a", text("1"));
        await until(bus, "the end of it", async () => (await bus.info("THINGS")).first === 2);
        expect(await bus.lastValue("THINGS", "things.a")).toBeUndefined();
        expect((await bus.acks.publish("things.a", text("2"), { expected: 0 })).seq).toBe(2);
      }));

    test("are purged of a subject, and up to a sequence", () =>
      run(async (bus) => {
        await bus.createStream(definition());
        for (const subject of ["a", "b", "a", "b", "a"])
          await bus.acks.publish(`things.${subject}`, text(subject));
        await bus.purge("THINGS", { filter: "things.b" });
        expect(await bus.info("THINGS")).toMatchObject({ first: 1, last: 5 });
        await bus.purge("THINGS", { below: 4 });
        // A server may name the sequence below which it purged, although nothing stands there any more.
        const { first } = await bus.info("THINGS");
        expect([4, 5]).toContain(first);
        await bus.purge("THINGS", {});
        expect(await bus.info("THINGS")).toMatchObject({ first: 6, last: 5 });
        expect((await bus.acks.publish("things.a", text("6"))).seq).toBe(6);
      }));

    test("exist once, are missed by name, and change as they are asked to", () =>
      run(async (bus) => {
        await expect(bus.info("THINGS")).rejects.toBeInstanceOf(StreamNotFound);
        const given = definition({ maxAgeMs: 600_000, maxMessagesPerSubject: 1 });
        await bus.createStream(given);
        expect((await bus.info("THINGS")).definition).toEqual(given);
        const other = definition({ name: "OTHER" });
        await expect(bus.createStream(other)).rejects.toBeInstanceOf(StreamExists);
        const changed = { ...given, maxAgeMs: 300_000 };
        const { created } = await bus.info("THINGS");
        await bus.updateStream(changed);
        expect(await bus.info("THINGS")).toMatchObject({ definition: changed, created });
      }));
  });

  describe(`${name}: consumers`, () => {
    test("deliver from a sequence on, in order, say when the end is reached, and go on", () =>
      run(async (bus) => {
        await bus.createStream(definition());
        for (let sent = 1; sent <= 5; sent++) await bus.acks.publish(`things.${sent % 2}`, text(`${sent}`));
        const everything = await readFrom(bus, 1);
        const odd = await readFrom(bus, 2, "things.1");
        const atEnd = await readFrom(bus, 6);
        await until(bus, "the ends", () =>
          [everything, odd, atEnd].every((consumer) => consumer.atEnd.length === 1),
        );
        expect(everything.stored.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
        expect(everything.stored.map(({ pending }) => pending)).toEqual([4, 3, 2, 1, 0]);
        expect(odd.stored.map(({ seq }) => seq)).toEqual([3, 5]);
        expect(everything.atEnd).toEqual([5]);
        expect(atEnd.stored).toEqual([]);
        await bus.acks.publish("things.1", text("6"));
        await until(bus, "the next", () => atEnd.stored.length === 1 && odd.stored.length === 3);
        expect(atEnd.stored[0]).toMatchObject({ seq: 6, subject: "things.1", deleted: false });
      }));

    test("wait for a message to be handled before they hand on the next, and end with what it throws", () =>
      run(async (bus) => {
        await bus.createStream(definition());
        for (let sent = 1; sent <= 3; sent++) await bus.acks.publish("things.a", text(`${sent}`));
        const log: string[] = [];
        const consumer = await bus.consume({
          stream: "THINGS",
          filter: "things.>",
          from: 1,
          createdWithinMs: 1_000,
          async onMessage({ seq }) {
            log.push(`begin ${seq}`);
            await bus.clock.sleep(30);
            log.push(`end ${seq}`);
            if (seq === 2) throw new Error("enough");
          },
          onCaughtUp: () => {},
        });
        await expect(consumer.ended).rejects.toThrow("enough");
        expect(log).toEqual(["begin 1", "end 1", "begin 2", "end 2"]);
      }));

    test("end with the reason that they are given", () =>
      run(async (bus) => {
        await bus.createStream(definition());
        const options = { stream: "THINGS", filter: "things.>", from: 1, createdWithinMs: 1_000 };
        const consumer = await bus.consume({ ...options, onMessage: () => {}, onCaughtUp: () => {} });
        consumer.end("no need");
        expect(await consumer.ended).toBe("no need");
        const none = { ...options, stream: "NONE", onMessage: () => {}, onCaughtUp: () => {} };
        await expect(bus.consume(none)).rejects.toBeInstanceOf(StreamNotFound);
      }));
  });
}
