import { randomUUID } from "node:crypto";
import type { LogEvent, Profile } from "@meeshy/shared/events";
import { type NatsLink, openNats } from "@meeshy/shared/nats/connect";
import { fromBytes, toBytes } from "@meeshy/shared/nats/last-value";
import { createLogPublisher, type LogPublisher } from "@meeshy/shared/nats/publisher";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import type { Bus } from "@meeshy/shared/ports/bus";
import { createLifecycle, type Lifecycle } from "@meeshy/shared/runtime/lifecycle";
import { createMetricsRegistry } from "@meeshy/shared/runtime/metrics";
import type { StatusMessage } from "@meeshy/shared/status";
import {
  BUCKET_STATE,
  eventSubject,
  PARTITIONS,
  partitionOf,
  partitionSubject,
  recordKey,
  STREAM_STATUS,
  statusSetSubject,
} from "@meeshy/shared/subjects";
import { createTestDatabase, type TestDatabase } from "@meeshy/shared/testing/database";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats, type TestPostgres } from "@meeshy/shared/testing/servers";
import { openTestLink } from "@meeshy/shared/testing/test-link";
import { testLogger as logger } from "@meeshy/shared/testing/test-log";
import { openStore, prepareDatabase, type TestStore } from "@meeshy/shared/testing/test-store";
import type { Registry } from "prom-client";
import { createWorker, type Worker, type WorkerConfig } from "../src/app.ts";

/** Real servers with workers on them, and the hands of a gateway and a sweeper. */
export interface Rig {
  nats: Pick<TestNats, "url" | "stop">;
  database: TestDatabase;
  db: TestStore["db"];
  link: NatsLink;
  config: WorkerConfig;
  /** `seenAs`: the bus as the worker sees it */
  startWorker(config?: Partial<WorkerConfig>, seenAs?: (link: NatsLink) => Bus): Promise<RunningWorker>;
  gateway(): TestGateway;
  /** Writes a timeout into every partition, or into one; `elapsed` is the writing sweeper's own clock. */
  tick(options?: { partition?: number; sweeperId?: string; elapsed?: number }): Promise<void>;
  status(userId: string): Promise<StatusMessage | undefined>;
  record(userId: string): Promise<Record<string, unknown> | undefined>;
  addUser(id: string): Promise<void>;
  stop(): Promise<void>;
}

export interface RunningWorker {
  worker: Worker;
  registry: Registry;
  lifecycle: Lifecycle;
  link: NatsLink;
  stop(): Promise<void>;
}

export interface TestGateway {
  id: string;
  publisher: LogPublisher;
  connect(userId: string, connectionId: string, profile?: Partial<Profile>): Promise<number>;
  disconnect(userId: string, connectionId: string, reason?: string): Promise<number>;
  send(userId: string, event: LogEvent): Promise<number>;
}

export const profileOf = (userId: string, given: Partial<Profile> = {}): Profile => ({
  username: userId,
  isAnonymous: false,
  conversationIds: ["general"],
  availability: "available",
  statusText: null,
  availabilityExpiresAt: null,
  lastActiveAt: null,
  lastSeen: null,
  ...given,
});

export async function startRig(
  overrides: Partial<WorkerConfig> = {},
  given: { broker?: Pick<TestNats, "url" | "stop">; postgres?: TestPostgres } = {},
): Promise<Rig> {
  const config: WorkerConfig = {
    offlineThresholdMs: 300_000,
    graceMs: 5_000,
    multiDevice: "allow",
    gatewayLeaseMs: 1_000,
    workerLeaseMs: 800,
    replicas: 1,
    recordKeptMs: 2_000,
    ...overrides,
  };
  const [nats, database] = await Promise.all([
    given.broker ?? startNats(),
    given.postgres ?? createTestDatabase(),
  ]);
  if (given.postgres) await prepareDatabase(given.postgres.url);
  // The test's own client: what it does shall be late on a busy machine, and not fail.
  const { db, close } = await openStore(database.url, { connectTimeoutMs: 60_000 });
  const link = await openTestLink({ url: nats.url });
  const stops: (() => Promise<unknown>)[] = [];
  const started = performance.now();

  const startWorker: Rig["startWorker"] = async (own = {}, seenAs = (workerLink) => workerLink) => {
    const lifecycle = createLifecycle(logger);
    const workerLink = await openNats({ url: nats.url }, "worker");
    lifecycle.onStop("nats", () => workerLink.close());
    const opened = await openStore(database.url, { statementTimeoutMs: 2_000, connectTimeoutMs: 1_000 });
    lifecycle.onStop("database", () => opened.close());
    const registry = createMetricsRegistry();
    const worker = await createWorker(
      {
        bus: seenAs(workerLink),
        registry,
        logger,
        store: opened.store,
      },
      { ...config, ...own },
      lifecycle,
    );
    stops.push(() => lifecycle.stop());
    return { worker, registry, lifecycle, link: workerLink, stop: () => lifecycle.stop() };
  };

  return {
    nats,
    database,
    db,
    link,
    config,
    startWorker,
    gateway() {
      const id = `g_${randomUUID().slice(0, 8)}`;
      const publisher = createLogPublisher(link, id);
      const send = (userId: string, event: LogEvent) =>
        publisher.publish({ subject: eventSubject("gw", userId), partition: partitionOf(userId) }, { event });
      return {
        id,
        publisher,
        send,
        connect: (userId, connectionId, profile) =>
          send(userId, {
            type: "connected",
            connectionId,
            gatewayId: id,
            device: null,
            idleMs: 0,
            profile: profileOf(userId, profile),
          }),
        disconnect: (userId, connectionId, reason = "client namespace disconnect") =>
          send(userId, { type: "disconnected", connectionId, reason }),
      };
    },
    async tick({ partition, sweeperId = "s_test", elapsed } = {}) {
      const partitions =
        partition === undefined ? Array.from({ length: PARTITIONS }, (_, p) => p) : [partition];
      const event = { type: "timeout", sweeperId, elapsed: elapsed ?? performance.now() - started };
      await Promise.all(
        partitions.map((p) => link.acks.publish(partitionSubject("sweep", p), toBytes({ event }))),
      );
    },
    async status(userId) {
      const last = await link.lastValue(STREAM_STATUS, statusSetSubject(userId));
      return last && (fromBytes(last.data) as StatusMessage);
    },
    async record(userId) {
      const last = await link.lastValue(
        bucketStream(BUCKET_STATE),
        keySubject(BUCKET_STATE, recordKey(userId)),
      );
      return last === undefined || last.deleted
        ? undefined
        : (fromBytes(last.data) as Record<string, unknown>);
    },
    async addUser(id) {
      await db.$executeRaw`INSERT INTO "User" ("id", "username") VALUES (${id}, ${id})`;
    },
    async stop() {
      for (const stop of stops.reverse()) await stop();
      await close();
      await link.close();
      await Promise.all([nats.stop(), database.stop()]);
    },
  };
}

/** Waits until the workers own all partitions between them and have read their logs. */
export async function allOwned(...workers: RunningWorker[]): Promise<number[]> {
  return eventually(
    () => {
      const owned = workers.map(({ worker }) => worker.figures().partitions);
      const complete = owned.reduce((sum, count) => sum + count, 0) === PARTITIONS;
      return complete && workers.every(({ worker }) => worker.unready().length === 0) && owned;
    },
    { what: "all partitions owned and read" },
  );
}
