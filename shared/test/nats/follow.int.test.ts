import type { NatsLink } from "@meeshy/shared/nats/connect";
import { type FollowOptions, follow } from "@meeshy/shared/nats/follow";
import { toBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, ensureStreams, keySubject } from "@meeshy/shared/nats/streams";
import { BUCKET_LEASES, partitionFilter, partitionSubject, STREAM_EVENTS } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { startTcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { json, linkOver, linkTurns, openLink, openLog, silent } from "./kit.ts";

let nats: TestNats;
beforeEach(async () => {
  nats = await startNats();
  return () => nats.stop();
});

const PARTITION = 5;

/** Stores one message after the other, each acknowledged. */
async function store(link: NatsLink, from: number, to: number, partition = PARTITION) {
  for (let n = from; n <= to; n++) await link.acks.publish(partitionSubject("gw", partition), toBytes({ n }));
}

/** Follows the test's partition; what arrived is in `seen`, how often the end was reached in `ends`. */
function collect(link: NatsLink, options: Partial<FollowOptions> = {}) {
  const seen: number[] = [];
  const state = { seen, ends: 0 };
  const following = follow(link, {
    stream: STREAM_EVENTS,
    filter: partitionFilter(PARTITION),
    from: 1,
    logger: silent,
    onMessage: (message) => void seen.push(json<{ n: number }>(message).n),
    onCaughtUp: () => {
      state.ends++;
    },
    ...options,
  });
  onTestFinished(() => following.stop());
  return Object.assign(state, { following });
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
const consumersOf = async (link: NatsLink, stream = STREAM_EVENTS) => {
  const names: string[] = [];
  for await (const { name } of link.jsm.consumers.list(stream)) names.push(name);
  return names;
};

describe("following a stream", () => {
  test("delivers what was stored, reports that the end is reached, then delivers what comes", async () => {
    const link = await openLog(nats.url);
    await store(link, 1, 600);
    await store(link, 1, 3, PARTITION + 1);
    const endedAt: number[] = [];
    const state = collect(link, { onCaughtUp: () => void endedAt.push(state.seen.length) });
    await eventually(() => endedAt.length === 1);
    expect(endedAt).toEqual([600]);
    await store(link, 601, 700);
    await eventually(() => state.seen.length === 700);
    expect(state.seen).toEqual(upTo(700));
    expect(state.following.cursor()).toBe(703);
  });

  test("starts at the given sequence, past the end as well", async () => {
    const link = await openLog(nats.url);
    await store(link, 1, 10);
    const middle = collect(link, { from: 8 });
    const end = collect(link, { from: 11 });
    await eventually(() => middle.ends === 1 && end.ends === 1);
    await store(link, 11, 12);
    await eventually(() => middle.seen.length === 5 && end.seen.length === 2);
    expect(middle.seen).toEqual([8, 9, 10, 11, 12]);
    expect(end.seen).toEqual([11, 12]);
  });

  test("finds the end where the server counts more than there is, without waiting for its next heartbeat", async () => {
    const link = await openLog(nats.url);
    const ofPartition = (user: string) => `presence.in.${PARTITION}.gw.${user}`;
    for (let n = 1; n <= 40; n++) {
      await Promise.all(upTo(30).map((p) => store(link, n, n, p)));
      await link.acks.publish(ofPartition(`u${n}`), toBytes({ n }));
    }
    const last = await link.acks.publish(ofPartition("last"), toBytes({ n: 41 }));
    let signs = 0;
    const subscribe: NatsLink["nc"]["subscribe"] = (subject, options) =>
      link.nc.subscribe(subject, {
        ...options,
        callback: (error, message) => {
          if (message.headers?.code === 100) signs++;
          options?.callback?.(error, message);
        },
      });
    const counting = linkOver(link, { subscribe });
    const starts = [500, 800, 1_000, 1_200, last.seq];
    const followed = starts.map((from) => collect(counting, { from }));
    await eventually(() => followed.every(({ ends }) => ends === 1));
    expect(signs).toBe(0);
    for (const { seen } of followed) expect(seen.at(-1)).toBe(41);
  });

  test("waits for each message to be handled before the next", async () => {
    const link = await openLog(nats.url);
    let busy = 0;
    let most = 0;
    const state = collect(link, {
      onMessage: async (message) => {
        most = Math.max(most, ++busy);
        await new Promise((resolve) => setImmediate(resolve));
        busy--;
        state.seen.push(json<{ n: number }>(message).n);
      },
    });
    await store(link, 1, 50);
    await eventually(() => state.seen.length === 50);
    expect(most).toBe(1);
  });

  test("hands a message on again when handling it failed, and skips none", async () => {
    const link = await openLog(nats.url);
    let failures = 2;
    const state = collect(link, {
      onMessage: (message) => {
        const { n } = json<{ n: number }>(message);
        if (n === 3 && failures-- > 0) throw new Error("not now");
        state.seen.push(n);
      },
    });
    await store(link, 1, 5);
    await eventually(() => state.seen.length === 5);
    expect(state.seen).toEqual(upTo(5));
  });

  test("hands each message on once, in order, through a server that is killed and comes back", async () => {
    const link = await openLog(nats.url);
    const state = collect(link);
    await store(link, 1, 100);
    for (const round of [1, 2]) {
      await nats.kill();
      await nats.restart();
      await eventually(() => link.isUp());
      await store(link, round * 100 + 1, round * 100 + 100);
    }
    await eventually(() => state.seen.length === 300);
    expect(state.seen).toEqual(upTo(300));
    expect(state.ends).toBeGreaterThanOrEqual(3);
  });

  test("hands each message on once, in order, through a server that stood still", async () => {
    const link = await openLog(nats.url);
    const state = collect(link);
    await store(link, 1, 50);
    const down = linkTurns(link, false);
    await nats.kill("SIGSTOP");
    await down;
    await nats.kill("SIGCONT");
    await eventually(() => link.isUp());
    await store(link, 51, 100);
    await eventually(() => state.seen.length === 100);
    expect(state.seen).toEqual(upTo(100));
  });

  test("gets what the server had sent into a link that broke, without waiting for a later message", async () => {
    const direct = await openLog(nats.url);
    const proxy = await startTcpProxy(nats.port);
    onTestFinished(() => proxy.close());
    const link = await openLink(`nats://127.0.0.1:${proxy.port}`);
    const state = collect(link);
    await eventually(() => state.ends === 1);
    await store(direct, 1, 5);
    await eventually(() => state.seen.length === 5);
    proxy.freeze();
    await store(direct, 6, 10);
    const [name] = await consumersOf(direct);
    await eventually(async () => {
      const info = await direct.jsm.consumers.info(STREAM_EVENTS, name as string);
      return info.delivered.stream_seq === 10;
    });
    proxy.cut();
    proxy.mend();
    await eventually(() => state.seen.length === 10);
    expect(state.seen).toEqual(upTo(10));
  });

  test("replaces a consumer that was deleted", async () => {
    const link = await openLog(nats.url);
    const state = collect(link);
    await store(link, 1, 5);
    await eventually(() => state.seen.length === 5);
    const [name] = await consumersOf(link);
    await link.jsm.consumers.delete(STREAM_EVENTS, name as string);
    await store(link, 6, 10);
    await eventually(() => state.seen.length === 10);
    expect(state.seen).toEqual(upTo(10));
    expect(await consumersOf(link)).not.toContain(name);
  });

  test("reaches the end when others purge what stood before it", async () => {
    const link = await openLog(nats.url);
    const ballast = "x".repeat(100_000);
    for (let n = 1; n <= 400; n++) {
      await link.acks.publish(partitionSubject("gw", PARTITION), toBytes({ n, ballast }));
    }
    let release: () => void = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const state = collect(link, {
      onMessage: async (message) => {
        state.seen.push(json<{ n: number }>(message).n);
        await gate;
      },
    });
    await eventually(() => state.seen.length === 1);
    await link.jsm.streams.purge(STREAM_EVENTS);
    release();
    await eventually(() => state.ends === 1);
    expect(state.seen.length).toBeLessThan(400);
    await store(link, 401, 401);
    await eventually(() => state.seen.at(-1) === 401);
  });

  test("asks before every start where to start from, until it gets an answer", async () => {
    const link = await openLog(nats.url);
    await store(link, 1, 6);
    const asked: number[] = [];
    const state = collect(link, {
      from: 2,
      checkStart: async (from) => {
        asked.push(from);
        if (asked.length === 1) throw new Error("not known yet");
        return from === 2 ? 4 : from;
      },
    });
    await eventually(() => state.seen.length === 3);
    expect(state.seen).toEqual([4, 5, 6]);
    expect(asked).toEqual([2, 2]);
    const [name] = await consumersOf(link);
    await link.jsm.consumers.delete(STREAM_EVENTS, name as string);
    await eventually(() => asked.length === 3);
    expect(asked[2]).toBe(7);
  });

  test("stops while the server is away, and hands nothing on afterwards", async () => {
    const link = await openLog(nats.url);
    const state = collect(link);
    await eventually(() => state.ends === 1);
    await nats.kill();
    await state.following.stop();
    await nats.restart();
    await eventually(() => link.isUp());
    await store(link, 1, 1);
    expect(state.seen).toEqual([]);
  });

  test("stopped at once, it leaves nothing running", async () => {
    const link = await openLog(nats.url);
    const state = collect(link);
    await state.following.stop();
    await store(link, 1, 1);
    expect(state.seen).toEqual([]);
  });
});

describe("following through a link that loses messages", () => {
  /** The link, but its subscriptions lose each of `numbers` once. */
  function losing(link: NatsLink, numbers: number[]): NatsLink {
    const lost = new Set(numbers);
    const subscribe: NatsLink["nc"]["subscribe"] = (subject, options) =>
      link.nc.subscribe(subject, {
        ...options,
        callback: (error, message) => {
          const n = message.reply?.startsWith("$JS.ACK.") ? json<{ n: number }>(message).n : undefined;
          if (n === undefined || !lost.delete(n)) options?.callback?.(error, message);
        },
      });
    return linkOver(link, { subscribe });
  }

  test("notices at the next message that one is missing", async () => {
    const link = await openLog(nats.url);
    const state = collect(losing(link, [2, 5]));
    await store(link, 1, 8);
    await eventually(() => state.seen.length === 8);
    expect(state.seen).toEqual(upTo(8));
  });

  test("notices that the last one is missing, although none follows", async () => {
    const link = await openLog(nats.url);
    const state = collect(losing(link, [3]));
    await store(link, 1, 3);
    await eventually(() => state.seen.length === 3);
    expect(state.seen).toEqual(upTo(3));
  });
});

describe("following last values", () => {
  const put = (link: NatsLink, key: string, n: number) =>
    link.acks.publish(keySubject(BUCKET_LEASES, key), toBytes({ n }));
  const stream = bucketStream(BUCKET_LEASES);
  const filter = keySubject(BUCKET_LEASES, ">");

  test("begins with the last value of each subject, then hands on every change", async () => {
    const link = await openLog(nats.url);
    for (const n of [1, 2, 3]) await put(link, "a", n);
    await put(link, "b", 4);
    const state = collect(link, { stream, filter, from: "last-values" });
    await eventually(() => state.ends === 1);
    expect(state.seen).toEqual([3, 4]);
    await put(link, "a", 5);
    await eventually(() => state.seen.length === 3);
    expect(state.seen).toEqual([3, 4, 5]);
  });

  test("reads the last values anew when the stream was made anew", async () => {
    const link = await openLog(nats.url);
    for (const n of [1, 2, 3]) await put(link, "a", n);
    let recreated = 0;
    const state = collect(link, {
      stream,
      filter,
      from: "last-values",
      onReread: () => {
        recreated++;
      },
    });
    await eventually(() => state.ends === 1);
    await link.jsm.streams.delete(stream);
    await ensureStreams(link, 1);
    for (const n of [7, 8, 9, 10, 11]) await put(link, `k${n}`, n);
    await eventually(() => state.seen.length === 6);
    expect(state.seen).toEqual([3, 7, 8, 9, 10, 11]);
    expect(recreated).toBe(1);
  });
});
