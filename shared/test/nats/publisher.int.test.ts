import { createLogPublisher, type LogPublisher } from "@meeshy/shared/nats/publisher";
import { ensureStreams } from "@meeshy/shared/nats/streams";
import {
  partitionFilter,
  partitionSubject,
  STREAM_EVENTS,
  SUBJECT_EVENTS_ALL,
} from "@meeshy/shared/subjects";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { startTcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { json, openLink, readAll } from "./kit.ts";

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

/** Publishes one message after the other until told to stop, without waiting for any. */
function writeUntilStopped(publisher: LogPublisher) {
  const pending: Promise<number>[] = [];
  const counts = new Array<number>(PARTITIONS_USED).fill(0);
  const timer = setInterval(() => {
    for (let i = 0; i < 20; i++) {
      const partition = pending.length % PARTITIONS_USED;
      const n = (counts[partition] as number) + 1;
      counts[partition] = n;
      pending.push(
        publisher.publish({ subject: partitionSubject("gw", partition), partition }, { event: { n } }),
      );
    }
  }, 5);
  onTestFinished(() => clearInterval(timer));
  return {
    counts,
    acknowledged: async (atLeast: number) => {
      while (pending.length < atLeast) await new Promise((resolve) => setTimeout(resolve, 5));
      await Promise.all(pending.slice(0, atLeast));
    },
    written: () => pending.length,
    async finish() {
      clearInterval(timer);
      return Promise.all(pending);
    },
  };
}

/** What a partition that accepts only the next number of a publisher makes of the log. */
async function accepted(link: Awaited<ReturnType<typeof openLink>>) {
  const numbers = new Map<string, number>();
  const perPartition = Array.from({ length: PARTITIONS_USED }, (): number[] => []);
  for (const message of await readAll(link, STREAM_EVENTS, SUBJECT_EVENTS_ALL)) {
    const { event, publisher, number } = json<Written>(message);
    const partition = Number(message.subject.split(".")[2]);
    const key = `${publisher} ${partition}`;
    if (number !== (numbers.get(key) ?? 0) + 1) continue;
    numbers.set(key, number);
    perPartition[partition]?.push(event.n);
  }
  return perPartition;
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

async function throughFault(
  fault: (link: Awaited<ReturnType<typeof openLink>>) => Promise<void>,
  url = nats.url,
) {
  const direct = await openLink(nats.url);
  await ensureStreams(direct, 1);
  const link = await openLink(url, "writer");
  const publisher = createLogPublisher(link, "publisher-1");
  const writing = writeUntilStopped(publisher);
  await writing.acknowledged(500);
  await fault(link);
  await writing.acknowledged(writing.written() + 200);
  await writing.finish();
  expect(publisher.backlog()).toBe(0);
  publisher.close();
  expect(await accepted(direct)).toEqual(writing.counts.map(upTo));
}

describe("a log publisher", () => {
  test("numbers each partition from 1 and resolves with the log's sequence", async () => {
    const link = await openLink(nats.url);
    await ensureStreams(link, 1);
    const publisher = createLogPublisher(link, "publisher-1");
    const targets = [3, 3, 7].map((partition) => ({ subject: partitionSubject("gw", partition), partition }));
    const seqs = await Promise.all(targets.map((target) => publisher.publish(target, { event: { n: 1 } })));
    expect(seqs).toEqual([1, 2, 3]);
    const stored = await readAll(link, STREAM_EVENTS, partitionFilter(3));
    expect(stored.map((message) => json<Written>(message).number)).toEqual([1, 2]);
    const other = await readAll(link, STREAM_EVENTS, partitionFilter(7));
    expect(other.map((message) => json<Written>(message))).toEqual([
      { event: { n: 1 }, publisher: "publisher-1", number: 1 },
    ]);
  });

  test("loses and reorders nothing when the server is killed under load and comes back", async () => {
    await throughFault(async () => {
      await nats.kill();
      await nats.restart();
    });
  });

  test("loses and reorders nothing when the server stands still for longer than the link's patience", async () => {
    await throughFault(async (link) => {
      const down = new Promise<void>((resolve) => {
        link.onChange((up) => !up && resolve());
      });
      await nats.kill("SIGSTOP");
      await down;
      await nats.kill("SIGCONT");
    });
  });

  test("loses and reorders nothing when its link is cut again and again", async () => {
    const proxy = await startTcpProxy(nats.port);
    onTestFinished(() => proxy.close());
    await throughFault(async (link) => {
      for (let round = 0; round < 5; round++) {
        proxy.cut();
        const up = new Promise<void>((resolve) => {
          link.onChange((isUp) => isUp && resolve());
        });
        proxy.mend();
        await up;
      }
    }, `nats://127.0.0.1:${proxy.port}`);
  });
});
