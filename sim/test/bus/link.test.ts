import { expect, test } from "vitest";
import { createRandom } from "../../../chaos/random.ts";
import { createBroker } from "../../bus/broker.ts";
import { createLink } from "../../bus/link.ts";
import { createSimBus } from "../../bus/sim-bus.ts";
import { createProcess } from "../../engine/process.ts";
import { createScheduler } from "../../engine/scheduler.ts";

function world(seed: number) {
  const scheduler = createScheduler();
  const random = createRandom(seed);
  const broker = createBroker({ scheduler, random, wallStart: 0 });
  const open = (name: string) => {
    const process = createProcess({ name, scheduler, random, wallStart: 0 });
    const link = createLink(process, scheduler, random);
    return { process, link, bus: createSimBus({ process, link, broker, random }) };
  };
  return { scheduler, broker, open };
}
const text = (value: string) => new TextEncoder().encode(value);

test("subscriptions stand again after every reconnect", async () => {
  const { scheduler, open } = world(1);
  const [one, other] = [open("one"), open("other")];
  let received = 0;
  one.bus.subscribe("a", () => received++);
  await scheduler.run(100);
  for (let round = 1; round <= 20; round++) {
    one.link.break();
    await scheduler.run(scheduler.now() + 2_000);
    other.bus.publish("a", text("x"));
    await scheduler.run(scheduler.now() + 100);
    expect(received).toBe(round);
  }
});

test("a cut in one direction shows by pings, and ends when the way is free", async () => {
  const { scheduler, open } = world(2);
  const { link } = open("one");
  await scheduler.run(100);
  const changes: [number, boolean][] = [];
  link.onChange((up) => changes.push([Math.round(scheduler.now() / 1_000), up]));
  link.set({ cutFromBroker: true });
  await scheduler.run(10_000);
  link.recover();
  await scheduler.run(11_000);
  expect(changes.map(([, up]) => up)).toEqual([false, true]);
  expect(changes[0]?.[0]).toBeLessThanOrEqual(3);
});

test("an acknowledgement that is lost is reported as lost, and one that comes late as late", async () => {
  const { scheduler, broker, open } = world(3);
  const { bus } = open("one");
  await scheduler.run(100);
  const made = bus.createStream({
    ...{ name: "S", subjects: ["s.>"], maxAgeMs: 0, maxMessageBytes: -1, maxBytes: -1 },
    ...{ maxMessagesPerSubject: -1, discard: "old", allowRollup: false, denyDelete: false, replicas: 1 },
  });
  await scheduler.run(200);
  await made;
  const seen: string[] = [];
  const send = (name: string) =>
    bus.acks.send("s.a", text(name), (error, ack) => seen.push(`${name} ${error?.name ?? ack?.seq}`), {
      onLate: ({ seq }) => seen.push(`${name} late ${seq}`),
    });
  broker.faults.slowsAcksBy = 2_000;
  send("slow");
  await scheduler.run(5_000);
  broker.recover();
  broker.faults.loses = 1;
  send("lost");
  await scheduler.run(60_000);
  broker.recover();
  send("sound");
  await scheduler.run(61_000);
  expect(seen).toEqual(["slow AckLost", "slow late 1", "lost AckLost", "sound 2"]);
});

test("a killed process receives nothing more, and what it sent arrives all the same", async () => {
  const { scheduler, open } = world(4);
  const [one, other] = [open("one"), open("other")];
  const received: string[] = [];
  one.bus.subscribe("a", () => received.push("one"));
  other.bus.subscribe("a", () => received.push("other"));
  await scheduler.run(100);
  one.bus.publish("a", text("x"));
  one.process.kill();
  await scheduler.run(200);
  expect(received).toEqual(["other"]);
});
