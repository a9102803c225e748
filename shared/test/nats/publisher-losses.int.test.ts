import type { NatsLink } from "@meeshy/shared/nats/connect";
import { createLogPublisher } from "@meeshy/shared/nats/publisher";
import type { Acks } from "@meeshy/shared/ports/bus";
import { partitionSubject, STREAM_EVENTS, SUBJECT_EVENTS_ALL } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { beforeEach, describe, expect, test } from "vitest";
import { json, openLog, readAll } from "./kit.ts";

/**
 * What one server never does and a cluster does during an election: single publishes vanish without an error
 * while later ones are stored. Here those that vanish are sent to a subject with a subscriber that never answers.
 */
type Fate = "stored" | "vanishes" | "stored, ack late";

let nats: TestNats;
let link: NatsLink;
beforeEach(async () => {
  nats = await startNats();
  link = await openLog(nats.url);
  link.nc.subscribe("nowhere", { callback: () => {} });
  return () => nats.stop();
});

/** The link, but `fate` decides over each transmission of each number; late acks come when they are released. */
function losing(fate: (number: number, transmission: number) => Fate) {
  const transmissions = new Map<number, number>();
  const late: (() => void)[] = [];
  const send: Acks["send"] = (subject, data, onAck, options) => {
    const { number } = json<{ number: number }>({ data });
    const transmission = (transmissions.get(number) ?? 0) + 1;
    transmissions.set(number, transmission);
    switch (fate(number, transmission)) {
      case "stored":
        return link.acks.send(subject, data, onAck, options);
      case "vanishes":
        return link.acks.send("nowhere", data, (error, ack) => {
          onAck(error, ack);
          way.onLoss();
        });
      case "stored, ack late":
        return link.acks.send(subject, data, (error, ack) => void late.push(() => onAck(error, ack)));
    }
  };
  const way = {
    link: { ...link, acks: { ...link.acks, send } } satisfies NatsLink,
    transmissionsOf: (number: number) => transmissions.get(number) ?? 0,
    late,
    /** runs when the publisher has learnt of a loss */
    onLoss: () => {},
  };
  return way;
}

const TARGET = { subject: partitionSubject("gw", 0), partition: 0 };

/** The numbers that a partition accepts, each being the last one plus one. */
async function acceptedNumbers() {
  const accepted: number[] = [];
  for (const message of await readAll(link, STREAM_EVENTS, SUBJECT_EVENTS_ALL)) {
    const { number } = json<{ number: number }>(message);
    if (number === accepted.length + 1) accepted.push(number);
  }
  return accepted;
}

describe("a log publisher", () => {
  test("sends again what was acknowledged after the one that vanished", async () => {
    const way = losing((number, transmission) =>
      number === 2 && transmission === 1 ? "vanishes" : "stored",
    );
    const publisher = createLogPublisher(way.link, "publisher-1");
    await Promise.all([1, 2, 3].map((n) => publisher.publish(TARGET, { event: { n } })));
    expect(await acceptedNumbers()).toEqual([1, 2, 3]);
  });

  test("says at each attempt how long the message has waited", async () => {
    const way = losing((_, transmission) => (transmission < 3 ? "vanishes" : "stored"));
    const lostAt: number[] = [];
    way.onLoss = () => lostAt.push(link.clock.now());
    const publisher = createLogPublisher(way.link, "publisher-1");
    const publishedAt = link.clock.now();
    await publisher.publish(TARGET, { event: { n: 1 } });
    const storedAt = link.clock.now();
    const [message] = await readAll(link, STREAM_EVENTS, SUBJECT_EVENTS_ALL);
    const { waitedMs } = json<{ waitedMs: number }>(message as { data: Uint8Array });
    expect(waitedMs).toBeGreaterThanOrEqual(Math.floor((lostAt[1] as number) - publishedAt));
    expect(waitedMs).toBeLessThanOrEqual(Math.ceil(storedAt - publishedAt));
  });

  test("says nothing of a wait that is too short to count", async () => {
    await createLogPublisher(link, "publisher-1").publish(TARGET, { event: { n: 1 } });
    const [message] = await readAll(link, STREAM_EVENTS, SUBJECT_EVENTS_ALL);
    expect(json(message as { data: Uint8Array })).not.toHaveProperty("waitedMs");
  });

  test("lets no ack of an earlier transmission count for a later one", async () => {
    const way = losing((number, transmission) => {
      if (number === 1) return transmission === 1 ? "vanishes" : "stored";
      return transmission === 1 ? "stored, ack late" : transmission === 2 ? "vanishes" : "stored";
    });
    const publisher = createLogPublisher(way.link, "publisher-1");
    const both = [1, 2].map((n) => publisher.publish(TARGET, { event: { n } }));
    await eventually(() => way.transmissionsOf(2) === 2);
    for (const come of way.late) come();
    await Promise.all(both);
    expect(await acceptedNumbers()).toEqual([1, 2]);
  });

  test("sends nothing new before what vanished is sent again", async () => {
    const way = losing((number, transmission) =>
      number === 1 && transmission === 1 ? "vanishes" : "stored",
    );
    const publisher = createLogPublisher(way.link, "publisher-1");
    const first = publisher.publish(TARGET, { event: { n: 1 } });
    let sentAtOnce = Number.NaN;
    const second = new Promise<number>((resolve) => {
      way.onLoss = () => {
        resolve(publisher.publish(TARGET, { event: { n: 2 } }));
        sentAtOnce = way.transmissionsOf(2);
      };
    });
    await Promise.all([first, second]);
    expect(sentAtOnce).toBe(0);
    expect(await acceptedNumbers()).toEqual([1, 2]);
  });
});
