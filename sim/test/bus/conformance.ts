import { StreamNotFound } from "@meeshy/shared/ports/bus";
import { describe, expect, test } from "vitest";
import { type Bench, definition, listen, read, readFrom, text, until } from "./bench.ts";
import { describeStreams } from "./stream-conformance.ts";

/** What every implementation of `Bus` has to do alike. */
export function describeBus(name: string, bench: Bench): void {
  describeMessages(name, bench);
  describeStreams(name, bench);
  describeConsumers(name, bench);
}

function describeMessages(name: string, { run }: Bench): void {
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
        const received: string[] = [];
        const subscription = bus.subscribe("a", ({ data }) => received.push(read(data)));
        const witness = await listen(bus, "a");
        subscription.unsubscribe();
        await bus.flush();
        other.publish("a", text("1"));
        await until(bus, "the message", () => witness.length === 1);
        expect(received).toEqual([]);
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
}

function describeConsumers(name: string, { run }: Bench): void {
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
