import { type NatsLink, openNats } from "@meeshy/shared/nats/connect";
import { toBytes } from "@meeshy/shared/nats/last-value";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { ERASED_STATUS_KEPT_MS, ensureStreams } from "@meeshy/shared/nats/streams";
import type { StatusMessage } from "@meeshy/shared/status";
import {
  leaseKeys,
  partitionOf,
  STREAM_STATUS,
  statusSetSubject,
  statusSubject,
} from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { startTcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { openTestLink } from "@meeshy/shared/testing/test-link";
import { Registry } from "prom-client";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createStatusFeed, type StatusFeed } from "../../src/feed/status-feed.ts";
import { createGatewayMetrics } from "../../src/metrics.ts";
import { quiet } from "../harness.ts";

let nats: TestNats;
let writer: NatsLink;
let link: NatsLink;
let feed: StatusFeed | undefined;
let version = 0;
const news: StatusMessage[] = [];
const versions = () => news.map((status) => status.version);

beforeAll(async () => {
  nats = await startNats();
  writer = await openTestLink({ url: nats.url });
});
afterAll(async () => {
  await writer.close();
  await nats.stop();
});
beforeEach(async () => {
  await writer.jsm.streams.delete(STREAM_STATUS).catch(() => {});
  await ensureStreams(writer, 1);
  link = await openNats({ url: nats.url }, "gateway");
  news.length = 0;
});
afterEach(async () => {
  await feed?.stop();
  await link.close();
});

const status = (userId: string, over: Partial<StatusMessage> = {}): StatusMessage => ({
  userId,
  username: userId,
  displayName: null,
  isAnonymous: false,
  isOnline: true,
  availability: "available",
  statusText: null,
  statusExpiresAt: null,
  lastActiveAt: null,
  lastSeen: null,
  epoch: 1,
  version: ++version,
  cause: "connect",
  at: null,
  conversationIds: ["general"],
  directoryVersion: 0,
  ...over,
});

const publish = async (userId: string, over: Partial<StatusMessage> = {}) => {
  const message = status(userId, over);
  await writer.acks.publish(statusSetSubject(userId), toBytes(message));
  return message.version;
};

const metrics = createGatewayMetrics(new Registry());
const NO_LEASES: Pick<LeaseBoard, "get" | "brokerTime"> = {
  get: () => undefined,
  brokerTime: () => undefined,
};
const start = async (over: NatsLink = link, board = NO_LEASES) => {
  feed = createStatusFeed({ bus: over, board, metrics, logger: quiet });
  feed.onChange(({ status }) => news.push(status));
  await feed.loaded;
  return feed;
};

/** A link whose live messages go missing where `loses` says so. */
const losing = (loses: (seq: number) => boolean): NatsLink => ({
  ...link,
  subscribe: (subject, onMessage) =>
    link.subscribe(subject, (message) => {
      if (message.seq === undefined || !loses(message.seq)) onMessage(message);
    }),
});

describe("the status feed", () => {
  it("begins with the last value of everyone, as no news, and goes on with what changes", async () => {
    await publish("alice");
    const last = await publish("alice", { isOnline: false });
    await publish("bob");
    const { get, onlineIn } = await start();
    expect(get("alice")?.version).toBe(last);
    expect(onlineIn("general")).toEqual(new Set(["bob"]));
    expect(news).toEqual([]);
    const next = await publish("alice");
    await eventually(() => news.length === 1);
    expect(versions()).toEqual([next]);
  });

  it("begins in an empty stream too", async () => {
    await start();
    await publish("alice");
    await eventually(() => news.length === 1);
  });

  it("does not call an older version news, nor the same one again", async () => {
    await start();
    const first = await publish("alice");
    await publish("alice", { version: first - 1, isOnline: false });
    await publish("alice", { version: first });
    const next = await publish("bob");
    await eventually(() => news.length === 2);
    expect(versions()).toEqual([first, next]);
  });

  it("reads a gap from the stream, in the stream's order, each change once", async () => {
    let lost = 0;
    await start(losing((seq) => [3, 4, 7].includes(seq) && ++lost > 0));
    const published: number[] = [];
    for (const userId of ["a", "b", "c", "d", "e", "f", "g", "h"]) published.push(await publish(userId));
    await eventually(() => news.length >= published.length);
    expect(versions()).toEqual(published);
    expect(lost).toBe(3);
  });

  it("notices by itself that the last message went missing", async () => {
    await start(losing((seq) => seq === 2));
    const published = [await publish("a"), await publish("b")];
    await eventually(() => news.length === 2);
    expect(versions()).toEqual(published);
  });

  it("closes a gap whose messages have been superseded or removed", async () => {
    await start(losing((seq) => seq < 4));
    await publish("a");
    await publish("b");
    await publish("a", { isOnline: false });
    await writer.jsm.streams.purge(STREAM_STATUS, { filter: statusSetSubject("b") });
    const last = [await publish("a"), await publish("c")];
    await eventually(() => news.length >= 2);
    expect(versions()).toEqual(last);
  });

  it("sets aside what it cannot read, and goes on", async () => {
    const { get } = await start();
    const before = (await metrics.rejectedStatuses.get()).values[0]?.value ?? 0;
    const poison = ["no json", "null", "{}", JSON.stringify({ ...status("alice"), version: -1 })];
    for (const text of poison) {
      await writer.acks.publish(statusSetSubject("alice"), new TextEncoder().encode(text));
    }
    await writer.acks.publish(statusSetSubject("alice"), toBytes(status("bob")));
    await writer.acks.publish("presence.set.=ZZ", toBytes(status("bob")));
    const good = await publish("alice");
    await eventually(() => news.length === 1);
    expect(versions()).toEqual([good]);
    expect(get("bob")).toBeUndefined();
    expect((await metrics.rejectedStatuses.get()).values[0]?.value).toBe(before + 6);
  });

  it("does not take what was sent to the subject but never stored", async () => {
    await start();
    writer.nc.publish(statusSubject("alice"), toBytes(status("alice")));
    await writer.nc.flush();
    const good = await publish("bob");
    await eventually(() => news.length === 1);
    expect(versions()).toEqual([good]);
  });

  it.each([
    ["shorter", 0],
    ["longer", 10],
  ])(
    "finds a stream that was made anew and is %s, and takes its statuses for the truth",
    async (_, others) => {
      const { get, shown, onStale } = await start();
      const notices: (number | null)[] = [];
      onStale((since) => notices.push(since));
      for (let n = 0; n < 5; n++) await publish("alice");
      await publish("bob");
      await eventually(() => news.length === 6);
      await writer.jsm.streams.delete(STREAM_STATUS);
      await ensureStreams(writer, 1);
      await publish("alice", { epoch: 2, version: 1, isOnline: false });
      for (let n = 0; n < others; n++) await publish(`other-${n}`);
      await eventually(() => shown("alice")?.epoch === 2 && get("bob") === undefined);
      await eventually(() => notices.length === 2);
      expect(notices).toEqual([expect.any(Number), null]);
      const next = await publish("bob");
      await eventually(() => news.at(-1)?.version === next);
    },
  );

  it("is not misled by an answer about the stream that live messages have overtaken", async () => {
    let isOvertaking = false;
    const { onStale } = await start({
      ...link,
      async info(stream) {
        const answer = await link.info(stream);
        if (isOvertaking) {
          isOvertaking = false;
          const overtaking = await publish("bob");
          await eventually(() => versions().includes(overtaking));
        }
        return answer;
      },
    });
    const notices: (number | null)[] = [];
    onStale((since) => notices.push(since));
    await publish("alice");
    isOvertaking = true;
    await eventually(() => news.length === 2);
    const next = await publish("alice");
    await eventually(() => news.at(-1)?.version === next);
    expect(notices).toEqual([]);
  });

  it("keeps up with thousands of changes that come at once while it begins", async () => {
    // Unacknowledged: five thousand acknowledgements at once may each be late.
    for (let n = 0; n < 5_000; n++) {
      const userId = `user-${n % 500}`;
      writer.publish(statusSetSubject(userId), toBytes(status(userId)));
    }
    const last = version;
    const { shown } = await start();
    await eventually(() => shown("user-499")?.version === last);
    const byUser = Map.groupBy(news, ({ userId }) => userId);
    for (const changes of byUser.values()) {
      const seen = changes.map((change) => change.version);
      expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    }
  });
});

describe("the view", () => {
  it("is stale while NATS is silent, and right again with everything that was missed", async () => {
    const { staleSince, onStale, shown } = await start();
    const notices: (number | null)[] = [];
    onStale((since) => notices.push(since));
    await publish("alice");
    await nats.kill("SIGSTOP");
    await eventually(() => staleSince() !== null);
    await nats.kill("SIGCONT");
    // The writer's link may break meanwhile.
    const missed = await eventually(() => publish("bob"));
    await eventually(() => staleSince() === null && shown("bob")?.version === missed);
    expect(notices).toEqual([expect.any(Number), null]);
  });

  it.each([
    ["by its own clock", { own: ERASED_STATUS_KEPT_MS, broker: 0 }],
    ["by the broker's, since its own stood still", { own: 0, broker: ERASED_STATUS_KEPT_MS }],
  ])(
    "holds no one whose last status came and went while the gateway was cut off for long %s",
    async (_, passing) => {
      const proxy = await startTcpProxy(nats.port);
      const cutOff = await openNats({ url: `nats://127.0.0.1:${proxy.port}` }, "gateway");
      try {
        let passed = { own: 0, broker: 0 };
        const clock = { ...cutOff.clock, now: () => cutOff.clock.now() + passed.own };
        const brokerTime = () => Date.now() + passed.broker;
        await publish("alice");
        await publish("bob");
        const { staleSince, onStale, shown, onlineIn } = await start(
          { ...cutOff, clock },
          { ...NO_LEASES, brokerTime },
        );
        const notices: (number | null)[] = [];
        onStale((since) => notices.push(since));
        proxy.cut();
        await eventually(() => staleSince() !== null);
        await publish("alice", { isOnline: false, username: null, conversationIds: [] });
        await writer.jsm.streams.purge(STREAM_STATUS, { filter: statusSetSubject("alice") });
        const missed = await publish("bob", { availability: "busy" });
        passed = passing;
        proxy.mend();
        await eventually(() => shown("alice") === undefined && staleSince() === null);
        expect(onlineIn("general")).toEqual(new Set(["bob"]));
        expect(versions()).toEqual([missed]);
        expect(notices.at(-1)).toBeNull();
      } finally {
        await feed?.stop();
        await cutOff.close();
        await proxy.close();
      }
    },
  );

  it("shows offline who is online by an earlier epoch alone, once the partition is reconciled in a later one", async () => {
    await publish("alice");
    const leftOf = await publish("bob");
    const leases = new Map<string, object>();
    const board = {
      ...NO_LEASES,
      get: (key: string) =>
        leases.has(key)
          ? { key, value: leases.get(key), revision: 1, changedAt: 0, writtenAt: 0 }
          : undefined,
    };
    const { get, onlineIn } = await start(link, board);
    expect(onlineIn("general")).toEqual(new Set(["alice", "bob"]));
    // Alice's record is published anew; of bob, who left in what the stream has lost, there is none.
    await publish("alice", { epoch: 2, version: 7 });
    for (const userId of ["alice", "bob"])
      leases.set(leaseKeys.partition(partitionOf(userId)), {
        owner: "w1",
        memory: { epoch: 2, seq: 9, reconcileAt: null },
      });
    await eventually(() => get("bob")?.isOnline === false);
    expect(get("bob")).toMatchObject({ epoch: 2, version: 1, cause: "disconnect" });
    expect(onlineIn("general")).toEqual(new Set(["alice"]));
    expect(news.at(-1)).toMatchObject({ userId: "bob", isOnline: false });

    // Read anew, the stream says once more what it said; and who comes back is newer.
    await feed?.stop();
    const again = await start(link, board);
    expect(again.get("bob")?.isOnline).toBe(false);
    await publish("bob", { epoch: 2, version: leftOf + 10 });
    await eventually(() => again.onlineIn("general").has("bob"));
  });

  it.each([
    ["is not reconciled yet", { epoch: 2, reconcileAt: "armed" }],
    ["waits for its gateways", { epoch: 2, reconcileAt: 5_000 }],
    ["is of the same epoch", { epoch: 1, reconcileAt: null }],
  ])("shows no one offline whose partition %s", async (_, memory) => {
    await publish("bob");
    const board = {
      ...NO_LEASES,
      get: (key: string) => ({
        ...{ key, value: { owner: "w1", memory: { seq: 9, ...memory } } },
        ...{ revision: 1, changedAt: 0, writtenAt: 0 },
      }),
    };
    let looks = 0;
    const counted = { ...link, info: (stream: string) => link.info(stream).finally(() => looks++) };
    const { get } = await start(counted, board);
    const since = looks;
    await eventually(() => looks >= since + 2);
    expect(get("bob")?.isOnline).toBe(true);
    expect(news).toEqual([]);
  });

  it("is not called stale for a link that comes back at once", async () => {
    const { onStale, shown } = await start();
    const notices: (number | null)[] = [];
    onStale((since) => notices.push(since));
    await link.nc.reconnect();
    const next = await publish("alice");
    await eventually(() => shown("alice")?.version === next);
    expect(notices).toEqual([]);
  });
});
