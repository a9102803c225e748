import type { NatsLink } from "@meeshy/shared/nats/connect";
import { toBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, ensureStreams, keepStreams } from "@meeshy/shared/nats/streams";
import {
  BUCKET_LEASES,
  BUCKET_STATE,
  PARTITIONS,
  partitionSubject,
  STREAM_EVENTS,
  STREAM_STATUS,
  statusSetSubject,
  statusSubject,
} from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { RetentionPolicy, StorageType } from "@nats-io/jetstream";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { openLink, readAll, silent } from "./kit.ts";

let nats: TestNats;
let link: NatsLink;
beforeEach(async () => {
  nats = await startNats();
  link = await openLink(nats.url);
  return () => nats.stop();
});

const NAMES = [STREAM_EVENTS, STREAM_STATUS, bucketStream(BUCKET_STATE), bucketStream(BUCKET_LEASES)];

describe("the streams", () => {
  test("are made by whoever comes first, of several at once", async () => {
    const links = await Promise.all(Array.from({ length: 8 }, () => openLink(nats.url)));
    for (let round = 0; round < 40; round++) {
      await Promise.all(NAMES.map((name) => link.jsm.streams.delete(name).catch(() => {})));
      await Promise.all(links.map((each) => ensureStreams(each, 1)));
    }
    for (const name of NAMES) {
      const { config } = await link.jsm.streams.info(name);
      expect(config).toMatchObject({
        storage: StorageType.File,
        retention: RetentionPolicy.Limits,
        num_replicas: 1,
      });
    }
  });

  test("keep what they hold when they are asked for again", async () => {
    await ensureStreams(link, 1);
    const { seq } = await link.acks.publish(partitionSubject("gw", PARTITIONS - 1), toBytes({}));
    await ensureStreams(link, 1);
    expect((await link.jsm.streams.info(STREAM_EVENTS)).state.last_seq).toBe(seq);
  });

  test("are asked for in vain where a stream of that name takes other subjects", async () => {
    await link.jsm.streams.add({ name: "OTHER", subjects: ["presence.in.>"] });
    await expect(ensureStreams(link, 1)).rejects.toThrow(/overlap/);
  });

  test("publish a status that is stored under its public subject, with its sequence, and keep the last", async () => {
    await ensureStreams(link, 1);
    const published: [string, number][] = [];
    link.nc.subscribe(statusSubject("auth0|1"), {
      callback: (_, message) =>
        void published.push([message.string(), Number(message.headers?.get("Nats-Sequence"))]),
    });
    for (const n of [1, 2]) await link.acks.publish(statusSetSubject("auth0|1"), toBytes({ n }));
    await eventually(() => published.length === 2);
    expect(published).toEqual([
      ['{"n":1}', 1],
      ['{"n":2}', 2],
    ]);
    const stored = await readAll(link, STREAM_STATUS, statusSetSubject("auth0|1"));
    expect(stored.map(({ seq }) => seq)).toEqual([2]);
  });

  test("come back when one is deleted under running processes", async () => {
    const keeping = await keepStreams(link, 1, silent);
    onTestFinished(() => keeping.stop());
    await link.jsm.streams.delete(STREAM_EVENTS);
    await eventually(() => link.jsm.streams.info(STREAM_EVENTS));
  });
});
