import type { NatsLink } from "@meeshy/shared/nats/connect";
import { toBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import { BUCKET_LEASES, leaseKeys, PARTITIONS, STREAM_EVENTS } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { openBoard, openLog, startSweeper } from "./fixtures.ts";

let nats: TestNats;
let link: NatsLink;
beforeEach(async () => {
  nats = await startNats();
  link = await openLog(nats.url);
  return () => nats.stop();
});

const put = (key: string, value: object) => link.acks.publish(keySubject(BUCKET_LEASES, key), toBytes(value));
const state = async (stream: string) => (await link.jsm.streams.info(stream)).state;

interface Exceptions {
  /** the partition whose checkpoint stands still */
  standing?: number;
  /** the partition whose lease is not written */
  unwritten?: number;
}

/** Checkpoints follow the log's end, as those of living workers do. */
function keepCheckpoints(epoch: number, { standing, unwritten }: Exceptions = {}): void {
  const write = async () => {
    const { last_seq: seq } = await state(STREAM_EVENTS);
    for (let p = 0; p < PARTITIONS; p++)
      if (p !== unwritten)
        await put(leaseKeys.partition(p), {
          owner: "w",
          memory: { epoch, seq: p === standing ? 5 : seq, publishers: {} },
        });
  };
  const timer = setInterval(() => void write().catch(() => {}), 500);
  onTestFinished(() => clearInterval(timer));
}

/** An idle system writes two timeouts a second into every partition. */
const PER_SECOND = 2 * PARTITIONS;
const UPKEEP = { everyMs: 500, logKeptMs: 2_000 };
/** What is kept, one interval of upkeep, one of checkpoints, and as much again. */
const BOUND = 2 * PER_SECOND * 3;

describe("the log of an idle system", () => {
  test("stays below a bound, however long it goes on, and ends behind every checkpoint", async () => {
    await put(leaseKeys.epoch, { epoch: 1, from: 0 });
    keepCheckpoints(1);
    await startSweeper(nats.url, { config: { upkeep: UPKEEP } });
    await eventually(
      async () => {
        const { messages, last_seq } = await state(STREAM_EVENTS);
        return last_seq > 2 * BOUND && messages < BOUND;
      },
      { every: 200 },
    );
  });

  test.each<[string, () => Promise<unknown>]>([
    ["one partition's checkpoint stands still", async () => keepCheckpoints(1, { standing: 7 })],
    ["its checkpoints are of a former epoch", async () => keepCheckpoints(0)],
    [
      "one lease cannot be read",
      async () => {
        await put(leaseKeys.partition(7), { v: 99 });
        keepCheckpoints(1, { unwritten: 7 });
      },
    ],
  ])("is kept while %s", async (_, arrange) => {
    await put(leaseKeys.epoch, { epoch: 1, from: 0 });
    await arrange();
    await startSweeper(nats.url, { config: { upkeep: UPKEEP } });
    const logged = await eventually(
      async () => {
        const log = await state(STREAM_EVENTS);
        return log.last_seq > BOUND && log;
      },
      { every: 200 },
    );
    expect(logged.first_seq).toBeLessThanOrEqual(5);
  });
});

test("what dead processes leave in the lease bucket goes, and then its marker; those that live keep theirs", async () => {
  const beat = { beat: 1, leaseMs: 500, state: "running", lastCleanupAt: null, lastCleanupDurationMs: null };
  const dead = ["w.dead", "s.dead"];
  for (const key of dead) await put(key, beat);
  const gone = Array.from({ length: 60 }, (_, n) => `g.gone${n}`);
  for (const key of gone)
    await link.acks.publish(keySubject(BUCKET_LEASES, key), new Uint8Array(), { deletes: true });
  let beats = 0;
  const alive = setInterval(() => void put("w.alive", { ...beat, beat: ++beats }).catch(() => {}), 200);
  onTestFinished(() => clearInterval(alive));
  const board = await openBoard(link);
  await startSweeper(nats.url, {
    config: { upkeep: { everyMs: 250, deadAfterMs: 1_000, markerKeptMs: 1_500 } },
  });
  const keys = async () => {
    const { state } = await link.jsm.streams.info(bucketStream(BUCKET_LEASES), { subjects_filter: ">" });
    return Object.keys(state.subjects ?? {}).map((subject) =>
      subject.slice(keySubject(BUCKET_LEASES, "").length),
    );
  };
  await eventually(() => dead.every((key) => board.get(key) === undefined));
  expect(beats).toBeGreaterThan(20);
  await eventually(async () => (await keys()).sort().join() === "s.s1,w.alive");
});

test("the log's bound is measured, so that an alert comes before anything unprocessed goes", async () => {
  const { registry } = await startSweeper(nats.url);
  const { max_bytes } = (await link.jsm.streams.info(STREAM_EVENTS)).config;
  const measured = async () =>
    (await registry.getSingleMetric("meeshy_log_max_bytes")?.get())?.values[0]?.value;
  await eventually(async () => (await measured()) === max_bytes, {
    what: "the gauge shows the stream's bound",
  });
});
