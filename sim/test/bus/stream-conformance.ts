import { isConflict, isTooLarge, StreamExists, StreamNotFound } from "@meeshy/shared/ports/bus";
import { describe, expect, test } from "vitest";
import { type Bench, definition, listen, read, readFrom, text, until } from "./bench.ts";

const KILOBYTE = new Uint8Array(1_024);

export function describeStreams(name: string, { run }: Bench): void {
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
        const received = await listen(other, "things.a");
        await bus.acks.publish("things.a", text("1"), { expected: 0 });
        await bus.acks.publish("things.b", text("2"), { expected: 0 });
        await bus.acks.publish("things.a", text("3"), { expected: 1 });
        const refused = await bus.acks
          .publish("things.a", text("4"), { expected: 1 })
          .catch((error) => error);
        expect(isConflict(refused)).toBe(true);
        expect(await bus.info("THINGS")).toMatchObject({ last: 3 });
        await until(bus, "all three", () => received.length === 3);
        expect(received).toEqual(["1", "3", "4"]);
      }));

    test("republish what they have stored, with its sequence, and nothing else", () =>
      run(async (bus, other) => {
        const republish = { from: "things.*", to: "seen.{{wildcard(1)}}" };
        await bus.createStream(definition({ subjects: ["things.*"], republish, maxMessagesPerSubject: 1 }));
        const received = await listen(other, "seen.*");
        await bus.acks.publish("things.a", text("1"), { expected: 0 });
        await bus.acks.publish("things.a", text("2"), { expected: 0 }).catch(() => {});
        await bus.acks.publish("things.a", text("3"), { expected: 1 });
        await until(bus, "both", () => received.length === 2);
        expect(received).toEqual(["1 1", "2 3"]);
      }));

    test("acknowledge a message id that they know, and do not store it again", () =>
      run(async (bus, other) => {
        await bus.createStream(definition());
        const received = await listen(other, "things.a");
        const first = await bus.acks.publish("things.a", text("1"), { messageId: "m" });
        await bus.acks.publish("things.a", text("2"));
        const again = await bus.acks.publish("things.a", text("3"), { messageId: "m" });
        expect(again.seq).toBe(first.seq);
        expect(await bus.info("THINGS")).toMatchObject({ last: 2 });
        await until(bus, "all three", () => received.length === 3);
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

    test("are purged of a subject up to a sequence: what was stored after that stays", () =>
      run(async (bus) => {
        await bus.createStream(definition());
        for (const subject of ["a", "b", "a", "b"])
          await bus.acks.publish(`things.${subject}`, text(subject));
        await bus.purge("THINGS", { filter: "things.a", below: 2 });
        expect((await bus.lastValue("THINGS", "things.a"))?.seq).toBe(3);
        expect((await bus.lastValue("THINGS", "things.b"))?.seq).toBe(4);
        await bus.purge("THINGS", { filter: "things.a", below: 4 });
        expect(await bus.lastValue("THINGS", "things.a")).toBeUndefined();
        expect(await bus.info("THINGS")).toMatchObject({ first: 2, last: 4 });
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
}
