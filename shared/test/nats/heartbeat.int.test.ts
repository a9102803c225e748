import { cp, rename, rm } from "node:fs/promises";
import type { NatsLink } from "@meeshy/shared/nats/connect";
import {
  createHeartbeat,
  type Heartbeat,
  type HeartbeatOptions,
  MARKER_KEPT_MS,
} from "@meeshy/shared/nats/heartbeat";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import { bucketStream, ensureStreams, keySubject } from "@meeshy/shared/nats/streams";
import { BUCKET_LEASES, leaseKeys } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { startTcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { openBoard, openLink, openLog, silent } from "./kit.ts";

let nats: TestNats;
let observer: NatsLink;
let board: LeaseBoard;
beforeEach(async () => {
  nats = await startNats();
  observer = await openLog(nats.url);
  board = await openBoard(observer);
  return () => nats.stop();
});

const KEY = leaseKeys.gateway("a");
const beatNow = () => (board.get(KEY)?.value as { beat: number } | undefined)?.beat ?? 0;

/** A process that beats under {@link KEY} every 50 ms, on a link of its own. */
async function beating(url = nats.url, options: Partial<HeartbeatOptions> = {}) {
  const link = await openLink(url);
  const foreign: unknown[] = [];
  const own = await openBoard(link);
  const heart: Heartbeat = createHeartbeat(link, own, {
    key: KEY,
    everyMs: 50,
    value: (beat) => ({ beat }),
    onForeign: (value) => void foreign.push(value),
    logger: silent,
    ...options,
  });
  onTestFinished(() => heart.stop());
  return { heart, foreign, link };
}

/** Another writes under the key, whatever stands there. */
const takeOver = (write: (revision: number) => Promise<unknown>) =>
  eventually(() =>
    write(board.get(KEY)?.revision ?? 0).then(
      () => true,
      () => false,
    ),
  );

describe("a heartbeat", () => {
  test("keeps its key changing, and takes it along when it stops", async () => {
    const { heart } = await beating();
    await heart.started;
    await eventually(() => beatNow() >= 4);
    await heart.stop();
    await eventually(() => board.get(KEY) === undefined);
  });

  test("gives when it was last stored, never a later time", async () => {
    const { heart } = await beating();
    expect(heart.lastStoredAt()).toBe(0);
    const before = performance.now();
    await heart.started;
    expect(heart.lastStoredAt()).toBeGreaterThanOrEqual(before - 1_000);
    await nats.kill("SIGSTOP");
    const stoppedAt = performance.now();
    await eventually(() => performance.now() - stoppedAt > 1_500);
    expect(heart.lastStoredAt()).toBeLessThan(stoppedAt);
    await nats.kill("SIGCONT");
    await eventually(() => heart.lastStoredAt() > stoppedAt);
  });

  test("writes the value of now when it is asked to, although a beat is on its way", async () => {
    let text = "old";
    const { heart } = await beating(nats.url, { everyMs: 60_000, value: (beat) => ({ beat, text }) });
    const underway = heart.beat();
    text = "new";
    await heart.beat();
    await underway;
    await eventually(() => (board.get(KEY)?.value as { text: string } | undefined)?.text === "new");
  });

  test("goes on when the server was killed and is back", async () => {
    const { heart, foreign } = await beating();
    await heart.started;
    await nats.kill();
    await nats.restart();
    const before = beatNow();
    await eventually(() => beatNow() > before + 2);
    expect(foreign).toEqual([]);
  });

  test("takes its own beats, whose acks were lost again and again, for its own", async () => {
    const proxy = await startTcpProxy(nats.port);
    onTestFinished(() => proxy.close());
    /** when each beat was written, monotonic ms */
    const writtenAt = new Map<number, number>();
    const value = (beat: number) => {
      writtenAt.set(beat, performance.now());
      return { beat };
    };
    const { heart, foreign, link } = await beating(`nats://127.0.0.1:${proxy.port}`, { value });
    await heart.started;
    for (let round = 0; round < 3; round++) {
      proxy.deafen();
      // A beat that the server has stored, whose ack does not come through: maybe the one of before.
      await eventually(() => (writtenAt.get(beatNow()) ?? 0) > heart.lastStoredAt());
      proxy.cut();
      proxy.mend();
      const reached = beatNow();
      await eventually(() => link.isUp() && beatNow() > reached);
    }
    expect(foreign).toEqual([]);
  });

  test("notices that another declared it lost, once, and beats no more", async () => {
    const { heart, foreign } = await beating();
    await heart.started;
    await takeOver((revision) => board.put(KEY, { beat: 99, lost: true }, revision));
    await eventually(() => foreign.length > 0);
    await heart.beat();
    expect(foreign).toEqual([{ beat: 99, lost: true }]);
    await heart.stop();
    expect(board.get(KEY)?.value).toEqual({ beat: 99, lost: true });
  });

  test("notices so as soon as its link is back, long before the next beat is due", async () => {
    const proxy = await startTcpProxy(nats.port);
    onTestFinished(() => proxy.close());
    const { heart, foreign, link } = await beating(`nats://127.0.0.1:${proxy.port}`, { everyMs: 60_000 });
    await heart.started;
    proxy.cut();
    await eventually(() => !link.isUp());
    await takeOver((revision) => board.put(KEY, { beat: 99, lost: true }, revision));
    proxy.mend();
    await eventually(() => foreign.length > 0);
    expect(foreign).toEqual([{ beat: 99, lost: true }]);
  });

  test("notices that another declared it lost and has removed its key", async () => {
    const { heart, foreign } = await beating();
    await heart.started;
    await takeOver((revision) => board.remove(KEY, revision));
    await eventually(() => foreign.length > 0);
    await heart.beat();
    expect(foreign).toEqual([undefined]);
    await eventually(() => board.get(KEY) === undefined);
  });

  test("begins anew in a bucket that was made anew", async () => {
    const { heart, foreign } = await beating();
    await heart.started;
    await eventually(() => beatNow() > 1);
    await observer.jsm.streams.delete(bucketStream(BUCKET_LEASES));
    await ensureStreams(observer, 1);
    const before = beatNow();
    await eventually(() => beatNow() > before + 2);
    expect(foreign).toEqual([]);
  });

  test("that stood still until the marker of its removal was gone finds that it was declared lost", async () => {
    const link = await openLink(nats.url);
    let stoodStill = 0;
    const foreign: unknown[] = [];
    const clock = { ...link.clock, now: () => link.clock.now() + stoodStill };
    const heart = createHeartbeat({ ...link, clock }, board, {
      key: "w.paused",
      everyMs: 10 * MARKER_KEPT_MS,
      value: (beat) => ({ beat }),
      onForeign: (value) => void foreign.push(value),
      logger: silent,
    });
    onTestFinished(() => heart.stop());
    await heart.started;
    stoodStill = MARKER_KEPT_MS;
    await observer.purge(bucketStream(BUCKET_LEASES), { filter: keySubject(BUCKET_LEASES, "w.paused") });
    await heart.beat();
    expect(foreign).toEqual([undefined]);
    expect(
      await observer.lastValue(bucketStream(BUCKET_LEASES), keySubject(BUCKET_LEASES, "w.paused")),
    ).toBeUndefined();
  });

  test("goes on in a store that was put back to an earlier state", async () => {
    const { heart, foreign } = await beating();
    await heart.started;
    const copy = `${nats.storeDir}-copy`;
    await nats.kill("SIGTERM");
    await cp(nats.storeDir, copy, { recursive: true });
    const copied = beatNow();
    await nats.restart();
    await eventually(() => beatNow() > copied + 2);
    await nats.kill("SIGKILL");
    await rm(nats.storeDir, { recursive: true });
    await rename(copy, nats.storeDir);
    const before = beatNow();
    await nats.restart();
    await eventually(() => beatNow() > before + 2);
    expect(foreign).toEqual([]);
  });

  test("has not started before a beat is stored", async () => {
    await observer.jsm.streams.delete(bucketStream(BUCKET_LEASES));
    const link = await openLink(nats.url);
    let started = false;
    const heart = createHeartbeat(link, board, {
      key: KEY,
      everyMs: 50,
      value: (beat) => ({ beat }),
      onForeign: () => {},
      logger: silent,
    });
    onTestFinished(() => heart.stop());
    void heart.started.then(() => {
      started = true;
    });
    await heart.beat();
    expect(started).toBe(false);
    await ensureStreams(observer, 1);
    await heart.started;
    expect(heart.lastStoredAt()).toBeGreaterThan(0);
  });
});
