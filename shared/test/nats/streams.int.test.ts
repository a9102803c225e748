import type { NatsLink } from "@meeshy/shared/nats/connect";
import { fromBytes, toBytes } from "@meeshy/shared/nats/last-value";
import { agreeOnSettings } from "@meeshy/shared/nats/shared-settings";
import {
  bucketStream,
  compareStreams,
  ensureStreams,
  keepStreams,
  keySubject,
} from "@meeshy/shared/nats/streams";
import { PublishRefused } from "@meeshy/shared/ports/bus";
import { createLogger } from "@meeshy/shared/runtime/logger";
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
import { VERSIONS } from "@meeshy/shared/versions";
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
  test("are made by the first of several processes that start at once", async () => {
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

  test("on a server with less room than the log may take are made with a lower bound", async () => {
    const small = await startNats({ maxStoreBytes: 1024 ** 3 });
    onTestFinished(() => small.stop());
    const there = await openLink(small.url);
    await ensureStreams(there, 1);
    expect((await there.info(STREAM_EVENTS)).definition).toMatchObject({ maxBytes: 512 * 1024 ** 2 });
    expect(await compared(there, { updates: true })).toEqual({ drifts: [], errors: [] });
  });
});

/** What a comparison logs. */
async function compared(link: NatsLink, { updates, replicas = 1 }: { updates: boolean; replicas?: number }) {
  const drifts: object[] = [];
  const errors: object[] = [];
  const logger = createLogger("test", "silent");
  logger.warn = ((fields: object) => void drifts.push(fields)) as typeof logger.warn;
  logger.error = ((fields: object) => void errors.push(fields)) as typeof logger.error;
  await compareStreams(link, replicas, { updates, logger });
  return { drifts, errors };
}

describe("a stream that is configured differently", () => {
  test("is none that this release has made", async () => {
    await ensureStreams(link, 1);
    expect(await compared(link, { updates: false })).toEqual({ drifts: [], errors: [] });
  });

  test("is reported by field with both values, brought in line by a worker, and then no longer reported", async () => {
    await ensureStreams(link, 1);
    const { definition } = await link.info(STREAM_EVENTS);
    await link.updateStream({ ...definition, maxBytes: -1, maxMessageBytes: 1_000 });
    const drifts = [
      { stream: STREAM_EVENTS, field: "maxMessageBytes", actual: 1_000, wanted: definition.maxMessageBytes },
      { stream: STREAM_EVENTS, field: "maxBytes", actual: -1, wanted: definition.maxBytes },
    ];
    expect(await compared(link, { updates: false })).toEqual({ drifts, errors: [] });
    expect(await compared(link, { updates: true })).toEqual({ drifts, errors: [] });
    expect(await compared(link, { updates: false })).toEqual({ drifts: [], errors: [] });
    expect((await link.info(STREAM_EVENTS)).definition).toEqual(definition);
  });

  test("keeps its number of replicas, which is reported", async () => {
    await ensureStreams(link, 1);
    const { drifts, errors } = await compared(link, { updates: true, replicas: 3 });
    expect(drifts).toHaveLength(NAMES.length);
    expect(drifts[0]).toEqual({ stream: STREAM_EVENTS, field: "replicas", actual: 1, wanted: 3 });
    expect(errors).toEqual([]);
    expect((await link.info(STREAM_EVENTS)).definition.replicas).toBe(1);
  });

  test("in what the server does not let be changed is reported as an error, and goes on", async () => {
    await ensureStreams(link, 1);
    const { definition } = await link.info(STREAM_STATUS);
    await link.jsm.streams.delete(STREAM_STATUS);
    await link.createStream({ ...definition, denyDelete: true });
    const { drifts, errors } = await compared(link, { updates: true });
    expect(drifts).toEqual([{ stream: STREAM_STATUS, field: "denyDelete", actual: true, wanted: false }]);
    expect(errors).toEqual([expect.objectContaining({ stream: STREAM_STATUS })]);
  });
});

describe("settings that all processes share", () => {
  test("are stored by the first, and agreed with by those of the same number of partitions", async () => {
    await ensureStreams(link, 1);
    await Promise.all([agreeOnSettings(link, silent), agreeOnSettings(link, silent)]);
    await agreeOnSettings(link, silent);
    const stored = await link.lastValue(bucketStream(BUCKET_LEASES), keySubject(BUCKET_LEASES, "settings"));
    expect(stored && fromBytes(stored.data)).toEqual({ v: VERSIONS.settings, partitions: PARTITIONS });
  });

  test("are stored although the server refuses for a moment, as in a cluster while another writes them", async () => {
    await ensureStreams(link, 1);
    let refusals = 4;
    const publish: typeof link.acks.publish = async (subject, ...rest) => {
      if (refusals-- > 0) throw new PublishRefused(subject, 10_164, "wrong last sequence");
      return link.acks.publish(subject, ...rest);
    };
    await agreeOnSettings({ ...link, acks: { ...link.acks, publish } }, silent);
    expect(
      await link.lastValue(bucketStream(BUCKET_LEASES), keySubject(BUCKET_LEASES, "settings")),
    ).toBeDefined();
  });

  test("refuse a process of another number of partitions", async () => {
    await ensureStreams(link, 1);
    await agreeOnSettings(link, silent, 32);
    await expect(agreeOnSettings(link, silent)).rejects.toThrow(
      /64 partitions, the processes that run over 32/,
    );
  });

  test("that cannot be read are left alone", async () => {
    await ensureStreams(link, 1);
    const subject = keySubject(BUCKET_LEASES, "settings");
    const { seq } = await link.acks.publish(subject, new TextEncoder().encode("{"));
    await agreeOnSettings(link, silent);
    expect((await link.lastValue(bucketStream(BUCKET_LEASES), subject))?.seq).toBe(seq);
  });
});
