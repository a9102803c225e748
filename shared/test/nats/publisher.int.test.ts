import type { NatsLink } from "@meeshy/shared/nats/connect";
import {
  createLogPublisher,
  type LogPublisher,
  MessageTooLarge,
  PublisherClosed,
} from "@meeshy/shared/nats/publisher";
import { ensureStreams, MAX_EVENT_BYTES } from "@meeshy/shared/nats/streams";
import {
  partitionFilter,
  partitionSubject,
  STREAM_EVENTS,
  SUBJECT_EVENTS_ALL,
} from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { startTcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { json, linkTurns, openLink, openLog, readAll } from "./kit.ts";

const PARTITIONS_USED = 4;

interface Written {
  event: { n: number };
  publisher: string;
  number: number;
}

let nats: TestNats;
beforeEach(async () => {
  nats = await startNats();
  return () => nats.stop();
});

const target = (partition: number) => ({ subject: partitionSubject("gw", partition), partition });
const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

/** Publishes one message after the other until stopped, without waiting for any. */
function writeUntilStopped(publisher: LogPublisher) {
  const pending: Promise<number>[] = [];
  const counts = new Array<number>(PARTITIONS_USED).fill(0);
  let lastAcknowledged = 0;
  const note = (seq: number) => {
    lastAcknowledged = Math.max(lastAcknowledged, seq);
  };
  const timer = setInterval(() => {
    for (let i = 0; i < 20; i++) {
      const partition = pending.length % PARTITIONS_USED;
      const n = (counts[partition] as number) + 1;
      counts[partition] = n;
      const published = publisher.publish(target(partition), { event: { n } });
      published.then(note, () => {});
      pending.push(published);
    }
  }, 5);
  onTestFinished(() => clearInterval(timer));
  return {
    counts,
    /** the highest log sequence that was acknowledged */
    lastAcknowledged: () => lastAcknowledged,
    /** Waits until `more` messages beyond those written by now are written, and acknowledged. */
    async goOn(more: number) {
      const count = pending.length + more;
      await eventually(() => pending.length >= count);
      await Promise.all(pending.slice(0, count));
    },
    async finish() {
      clearInterval(timer);
      await Promise.all(pending);
    },
  };
}

type Writing = ReturnType<typeof writeUntilStopped>;

/** What a partition that accepts only the next number of a publisher makes of the log, and how much it ignored. */
async function accepted(link: NatsLink) {
  const numbers = new Map<string, number>();
  const taken = Array.from({ length: PARTITIONS_USED }, (): number[] => []);
  let ignored = 0;
  for (const message of await readAll(link, STREAM_EVENTS, SUBJECT_EVENTS_ALL)) {
    const { event, publisher, number } = json<Written>(message);
    const partition = Number(message.subject.split(".")[2]);
    const key = `${publisher} ${partition}`;
    if (number !== (numbers.get(key) ?? 0) + 1) {
      ignored++;
      continue;
    }
    numbers.set(key, number);
    taken[partition]?.push(event.n);
  }
  return { taken, ignored };
}

/** Writes without a break while `fault` goes on, then checks that each partition has each message once, in order. */
async function writeThrough(
  fault: (link: NatsLink, writing: Writing) => Promise<void>,
  url = nats.url,
): Promise<number> {
  const direct = await openLog(nats.url);
  const link = await openLink(url, "writer");
  const publisher = createLogPublisher(link, "publisher-1");
  const writing = writeUntilStopped(publisher);
  await writing.goOn(500);
  await fault(link, writing);
  await writing.goOn(200);
  await writing.finish();
  expect(publisher.backlog()).toBe(0);
  publisher.close();
  const { taken, ignored } = await accepted(direct);
  expect(taken).toEqual(writing.counts.map(upTo));
  return ignored;
}

/**
 * A way to the server that can be disturbed. `untilLonger` waits until 100 more messages are in the log, `deafen` until
 * 100 are there whose acknowledgements never arrive; a writer that is just beginning anew sends nothing when deafened.
 */
async function startWay() {
  const proxy = await startTcpProxy(nats.port);
  onTestFinished(() => proxy.close());
  const observer = await openLog(nats.url);
  const length = async () => (await observer.jsm.streams.info(STREAM_EVENTS)).state.last_seq;
  const untilLonger = async () => {
    const before = await length();
    await eventually(async () => (await length()) > before + 100);
  };
  const deafen = async (writing: Writing) => {
    for (let isDeaf = false; !isDeaf; ) {
      await untilLonger();
      proxy.deafen();
      const isAhead = async () => (await length()) >= writing.lastAcknowledged() + 100;
      isDeaf = await eventually(isAhead, { within: 3_000 }).catch(() => false);
      if (!isDeaf) proxy.mend();
    }
  };
  return { proxy, url: `nats://127.0.0.1:${proxy.port}`, deafen };
}

describe("a log publisher", () => {
  test("numbers each partition from 1 and resolves with the log's sequence", async () => {
    const link = await openLog(nats.url);
    const publisher = createLogPublisher(link, "publisher-1");
    const seqs = [3, 3, 7].map((p) => publisher.publish(target(p), { event: { n: 1 } }));
    expect(await Promise.all(seqs)).toEqual([1, 2, 3]);
    const stored = await readAll(link, STREAM_EVENTS, partitionFilter(3));
    expect(stored.map((message) => json<Written>(message).number)).toEqual([1, 2]);
    const other = await readAll(link, STREAM_EVENTS, partitionFilter(7));
    expect(other.map((message) => json<Written>(message))).toEqual([
      { v: 1, event: { n: 1 }, publisher: "publisher-1", number: 1 },
    ]);
  });

  test("writes more than fits on its way at once, in order", async () => {
    const link = await openLog(nats.url);
    const publisher = createLogPublisher(link, "publisher-1");
    const all = upTo(6_000).map((n) => publisher.publish(target(0), { event: { n } }));
    expect(publisher.backlog()).toBe(6_000);
    await Promise.all(all);
    expect((await accepted(link)).taken[0]).toEqual(upTo(6_000));
  });

  test("refuses what the log would never take, and gives it no number", async () => {
    const link = await openLog(nats.url);
    const publisher = createLogPublisher(link, "publisher-1");
    const text = "x".repeat(MAX_EVENT_BYTES);
    const large = publisher.publish(target(0), { event: { text } });
    const next = publisher.publish(target(0), { event: { n: 1 } });
    await expect(large).rejects.toThrow(MessageTooLarge);
    await next;
    const { taken, ignored } = await accepted(link);
    expect(taken[0]).toEqual([1]);
    expect(ignored).toBe(0);
  });

  test("gives up what is not in the log when it is closed", async () => {
    const link = await openLog(nats.url);
    const publisher = createLogPublisher(link, "publisher-1");
    await nats.kill("SIGSTOP");
    const waiting = publisher.publish(target(0), { event: { n: 1 } });
    publisher.close();
    await expect(waiting).rejects.toThrow(PublisherClosed);
    await expect(publisher.publish(target(0), { event: { n: 2 } })).rejects.toThrow(PublisherClosed);
    expect(publisher.backlog()).toBe(0);
    await nats.kill("SIGCONT");
  });

  test("waits for a log that is not there", async () => {
    const link = await openLink(nats.url);
    const publisher = createLogPublisher(link, "publisher-1");
    const all = upTo(10).map((n) => publisher.publish(target(0), { event: { n } }));
    await eventually(() => publisher.backlog() === 10);
    await ensureStreams(link, 1);
    await Promise.all(all);
    expect((await accepted(link)).taken[0]).toEqual(upTo(10));
  });

  test("loses and reorders nothing when the server is killed under load and comes back", async () => {
    await writeThrough(async () => {
      for (let round = 0; round < 2; round++) {
        await nats.kill();
        await nats.restart();
      }
    });
  });

  test("loses and reorders nothing when the server stands still for longer than acks are waited for", async () => {
    const { proxy, url, deafen } = await startWay();
    const ignored = await writeThrough(async (link, writing) => {
      await deafen(writing);
      const down = linkTurns(link, false);
      await nats.kill("SIGSTOP");
      await down;
      proxy.cut();
      await nats.kill("SIGCONT");
      proxy.mend();
    }, url);
    expect(ignored).toBeGreaterThan(0);
  });

  test("loses and reorders nothing when its link is cut again and again, acks on their way", async () => {
    const { proxy, url, deafen } = await startWay();
    const ignored = await writeThrough(async (link, writing) => {
      for (let round = 0; round < 3; round++) {
        await deafen(writing);
        proxy.cut();
        const up = linkTurns(link, true);
        proxy.mend();
        await up;
      }
    }, url);
    expect(ignored).toBeGreaterThan(0);
  });
});
