import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NatsLink } from "@meeshy/shared/nats/connect";
import { toBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, ensureStreams, keySubject } from "@meeshy/shared/nats/streams";
import { isConflict } from "@meeshy/shared/ports/bus";
import { BUCKET_LEASES } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { onOtherReplica } from "@meeshy/shared/testing/other-replica";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { startTcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { openBoard, openLink, openLog } from "./kit.ts";

let nats: TestNats;
let link: NatsLink;
beforeEach(async () => {
  nats = await startNats();
  link = await openLog(nats.url);
  return () => nats.stop();
});

const valueAt = (board: Awaited<ReturnType<typeof openBoard>>, key: string) => board.get(key)?.value;

describe("a lease board", () => {
  test("shows each process what all have written, its own included", async () => {
    const mine = await openBoard(link);
    const theirs = await openBoard(await openLink(nats.url));
    const revision = await mine.put("w.1", { beat: 1 }, 0);
    await eventually(() => valueAt(theirs, "w.1") && valueAt(mine, "w.1"));
    expect(theirs.get("w.1")).toMatchObject({ key: "w.1", value: { beat: 1 }, revision });
    expect(mine.get("w.1")).toMatchObject({ value: { beat: 1 }, revision });
  });

  test("has read the present state when it is ready", async () => {
    const first = await openBoard(link);
    const revision = await first.put("g.1", { beat: 1 }, 0);
    await first.put("g.1", { beat: 2 }, revision);
    await first.remove("w.1", await first.put("w.1", { beat: 1 }, 0));
    const late = await openBoard(link);
    expect(late.list("g.").map(({ key, value }) => [key, value])).toEqual([["g.1", { beat: 2 }]]);
    expect(late.get("w.1")).toBeUndefined();
  });

  test("is ready where nothing is written", async () => {
    expect((await openBoard(link)).list("")).toEqual([]);
  });

  test("lets only one of several writers win", async () => {
    const boards = await Promise.all([1, 2, 3].map(() => openBoard(link)));
    const results = await Promise.allSettled(boards.map((board, n) => board.put("p.1", { n }, 0)));
    const refused = results.filter((result) => result.status === "rejected");
    expect(refused.map(({ reason }) => isConflict(reason))).toEqual([true, true]);
  });

  test.each([-2, 2])("compares what it shows where its replica counts %i messages more", async (by) => {
    const leader = await openBoard(link);
    for (let n = 0; n < 5; n++) await leader.put(`w.${n}`, { beat: 1 }, 0);
    const board = await openBoard(onOtherReplica(link, bucketStream(BUCKET_LEASES), by));
    const shown = await eventually(() => board.get("w.3"));
    expect(shown.revision).toBe(4 + by);

    await board.put("w.3", { beat: 2 }, shown.revision);
    await eventually(() => leader.get("w.3")?.revision === 6 && board.get("w.3")?.revision === 6 + by);
    expect(valueAt(leader, "w.3")).toEqual({ beat: 2 });
    await board.remove("w.3", 6 + by);
    await eventually(() => leader.get("w.3") === undefined && board.get("w.3") === undefined);
    await board.put("w.3", { beat: 3 }, 0);
    await eventually(() => valueAt(leader, "w.3"));
    expect(valueAt(leader, "w.3")).toEqual({ beat: 3 });
  });

  test("refuses what is based on more than it shows, and what another has changed meanwhile", async () => {
    const board = await openBoard(link);
    const revision = await board.put("w.1", { beat: 1 }, 0);
    await eventually(() => board.get("w.1"));
    const changed = link.acks.publish(keySubject(BUCKET_LEASES, "w.1"), toBytes({ beat: 2 }));
    const attempts = await Promise.allSettled([
      changed.then(() => board.put("w.1", { beat: 3 }, revision)),
      board.put("w.1", { beat: 4 }, revision + 100),
      changed.then(() => board.remove("w.1", revision)),
    ]);
    expect(attempts.map((it) => it.status === "rejected" && isConflict(it.reason))).toEqual([
      true,
      true,
      true,
    ]);
    await eventually(() => board.get("w.1")?.revision !== revision);
    expect(valueAt(board, "w.1")).toEqual({ beat: 2 });
  });

  test("notes when an entry changes, by its own clock, and notifies listeners", async () => {
    const board = await openBoard(link);
    const changed: string[] = [];
    board.onChange((key) => void changed.push(key));
    const before = performance.now();
    const revision = await board.put("w.1", { beat: 1 }, 0);
    const first = await eventually(() => board.get("w.1"));
    expect(first.changedAt).toBeGreaterThanOrEqual(before);
    await board.put("w.1", { beat: 1 }, revision);
    const second = await eventually(() => {
      const entry = board.get("w.1");
      return entry?.revision !== revision && entry;
    });
    expect(second.changedAt).toBeGreaterThan(first.changedAt);
    await board.remove("w.1", second.revision);
    await eventually(() => board.get("w.1") === undefined);
    expect(changed).toEqual(["w.1", "w.1", "w.1"]);
  });

  test("takes no change from the server's return where nothing changed", async () => {
    const board = await openBoard(link);
    await board.put("w.1", { beat: 1 }, 0);
    const { changedAt } = await eventually(() => board.get("w.1"));
    await nats.kill();
    await nats.restart();
    // A write without an answer may have been stored.
    await eventually(() => board.put("w.2", { beat: 1 }, 0).then(() => true, isConflict));
    await eventually(() => board.get("w.2"));
    expect(board.get("w.1")?.changedAt).toBe(changedAt);
  });

  test("begins anew with a bucket that was made anew", async () => {
    const board = await openBoard(link);
    for (const key of ["w.1", "w.2", "w.3"]) await board.put(key, { beat: 1 }, 0);
    await eventually(() => board.get("w.3"));
    await link.jsm.streams.delete(bucketStream(BUCKET_LEASES));
    await ensureStreams(link, 1);
    await board.put("w.2", { beat: 7 }, 0);
    await eventually(() => board.get("w.1") === undefined && valueAt(board, "w.2"));
    expect(board.list("").map(({ key, value }) => [key, value])).toEqual([["w.2", { beat: 7 }]]);
  });

  test("shows an entry that is not JSON, without a value", async () => {
    const board = await openBoard(link);
    await link.acks.publish(keySubject(BUCKET_LEASES, "w.1"), new TextEncoder().encode("beat"));
    await board.put("w.2", {}, 0);
    await eventually(() => board.get("w.2"));
    expect(board.get("w.1")).toMatchObject({ value: undefined, revision: 1 });
  });
});

test("a lease board sees what was written into a bucket that was put back and written past its place", async () => {
  const proxy = await startTcpProxy(nats.port);
  onTestFinished(() => proxy.close());
  const write = (key: string, n: number) => link.acks.publish(keySubject(BUCKET_LEASES, key), toBytes({ n }));
  await write("p.1", 1);
  const copy = await mkdtemp(join(tmpdir(), "meeshy-copy-"));
  onTestFinished(() => rm(copy, { recursive: true, force: true }));
  await nats.kill("SIGTERM");
  await cp(nats.storeDir, copy, { recursive: true });
  await nats.restart();
  await eventually(() => link.isUp());

  const board = await openBoard(await openLink(`nats://127.0.0.1:${proxy.port}`));
  for (let n = 2; n <= 5; n++) await write("w.1", n);
  await eventually(() => (board.get("w.1")?.value as { n: number } | undefined)?.n === 5);
  proxy.cut();
  await nats.kill();
  await rm(nats.storeDir, { recursive: true });
  await cp(copy, nats.storeDir, { recursive: true });
  await nats.restart();
  await eventually(() => link.isUp());
  await write("epoch", 2);
  for (let n = 10; n <= 20; n++) await write("w.2", n);
  proxy.mend();
  await eventually(() => (board.get("epoch")?.value as { n: number } | undefined)?.n === 2);
  await eventually(() => board.get("w.1") === undefined);
  expect(board.get("p.1")?.value).toEqual({ n: 1 });
});
