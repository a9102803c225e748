import { setTimeout as pause } from "node:timers/promises";
import { fromBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import {
  BUCKET_LEASES,
  BUCKET_STATE,
  leaseKeys,
  PARTITIONS,
  partitionOf,
  STREAM_EVENTS,
} from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startTcpProxy, type TcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { Connection } from "../src/core/record.ts";
import type { PartitionLease } from "../src/io/checkpoint.ts";
import { type NatsGate, type Outgoing, startNatsGate } from "./nats-gate.ts";
import { allOwned, profileOf, type Rig, startRig, type TestGateway } from "./rig.ts";
import { startWorkerProcess, type WorkerProcess } from "./worker-process.ts";

const GRACE_MS = 100;
/** Partition time in which a grace has passed for certain. */
const LONG_AFTER_MS = 1_000;
const users = Array.from({ length: 24 }, (_, at) => `u${at}`);
const late = Array.from({ length: 6 }, (_, at) => `n${at}`);
const allUsers = [...users, ...late];

/** All users come online; resolves when that is stored everywhere. */
async function arrive(rig: Rig, gateway: TestGateway): Promise<void> {
  await rig.tick();
  for (const userId of users) await gateway.connect(userId, "c1");
  await checkpointed(rig, users, PARTITIONS + 1, { stored: true });
}

/** Six kinds of fate, then enough time for zombies to end, then newcomers. Message for message the same each time. */
async function live(rig: Rig, gateway: TestGateway): Promise<void> {
  for (const [at, userId] of users.entries()) {
    const fate = at % 6;
    if (fate === 0) await gateway.disconnect(userId, "c1");
    if (fate === 1) {
      await gateway.connect(userId, "c2");
      await gateway.disconnect(userId, "c1", "transport close");
    }
    if (fate === 2) await gateway.disconnect(userId, "c1", "transport close");
    if (fate === 3)
      await gateway.send(userId, {
        type: "availability",
        availability: "busy",
        statusText: "writing",
        expiresAt: null,
        profile: profileOf(userId),
      });
    if (fate === 4) {
      await gateway.disconnect(userId, "c1", "transport close");
      await gateway.connect(userId, "c3");
    }
    if (fate === 5) {
      await gateway.disconnect(userId, "c1");
      await gateway.connect(userId, "c4");
    }
  }
  // Nothing is waited for but time itself: one timeout, at one place of the log, finds the zombies due.
  await pause(LONG_AFTER_MS);
  await rig.tick();
  for (const userId of late) await gateway.connect(userId, "c1");
  for (const userId of users.filter((_, at) => at % 6 === 1)) await gateway.disconnect(userId, "c2");
}

/** What is written while the partitions have no owner. */
async function goOn(rig: Rig, gateway: TestGateway): Promise<void> {
  for (const userId of users.filter((_, at) => at % 6 === 4)) await gateway.disconnect(userId, "c3");
  for (const userId of users.filter((_, at) => at % 12 === 0)) await gateway.connect(userId, "c5");
  await gateway.disconnect("n0", "c1");
  await rig.tick();
}

/** All that is known of every user, except times: they are the broker's and differ from run to run. */
async function picture(rig: Rig) {
  const rows = await rig.db.user.findMany();
  const lines = await rig.db.presenceTransition.findMany({ orderBy: [{ epoch: "asc" }, { version: "asc" }] });
  const seen = allUsers.map(async (userId) => {
    const status = await rig.status(userId);
    const record = await rig.record(userId);
    const row = rows.find(({ id }) => id === userId);
    return {
      userId,
      status: status && { ...status, at: null, lastActiveAt: null, lastSeen: null },
      record: record && {
        state: record.state,
        seq: record.seq,
        open: (record.connections as Connection[]).map(({ id }) => id),
      },
      row: [row?.isOnline, row?.availability, row?.presenceEpoch, Number(row?.presenceVersion)],
      history: lines
        .filter((line) => line.userId === userId)
        .map(({ from, to, cause, version, connectionId }) => [
          from,
          to,
          cause,
          Number(version),
          connectionId,
        ]),
    };
  });
  return Promise.all(seen);
}

const lastSequence = async (rig: Rig) => (await rig.link.jsm.streams.info(STREAM_EVENTS)).state.last_seq;

async function leases(rig: Rig): Promise<PartitionLease[]> {
  const read = async (_: unknown, p: number) => {
    const key = keySubject(BUCKET_LEASES, leaseKeys.partition(p));
    const last = await rig.link.lastValue(bucketStream(BUCKET_LEASES), key);
    return fromBytes(last?.data ?? new Uint8Array()) as PartitionLease;
  };
  return Promise.all(Array.from({ length: PARTITIONS }, read));
}

/** Resolves when the partitions of `userIds` have passed `seq`, and the database too if wanted. */
async function checkpointed(
  rig: Rig,
  userIds: readonly string[],
  seq: number,
  { stored }: { stored: boolean },
): Promise<void> {
  const partitions = [...new Set(userIds.map(partitionOf))];
  const isPast = ({ memory, storedUpTo }: PartitionLease) =>
    (memory?.seq ?? 0) >= seq && (!stored || storedUpTo >= seq);
  await eventually(
    async () => {
      const all = await leases(rig);
      return partitions.every((p) => isPast(all[p] as PartitionLease));
    },
    { what: "the checkpoints", within: 15_000 },
  );
}

interface Run {
  rig: Rig;
  gateway: TestGateway;
  /** versions in the order in which viewers received them, by user */
  shown: Map<string, number[]>;
}

async function begin(): Promise<Run> {
  const rig = await startRig({ graceMs: GRACE_MS });
  onTestFinished(() => rig.stop());
  const shown = new Map<string, number[]>();
  rig.link.nc.subscribe("presence.status.*", {
    callback: (_error, message) => {
      const { userId, version } = message.json<{ userId: string; version: number }>();
      shown.set(userId, [...(shown.get(userId) ?? []), version]);
    },
  });
  for (const userId of allUsers) await rig.addUser(userId);
  return { rig, gateway: rig.gateway(), shown };
}

async function startChild(rig: Rig, gate: NatsGate, database: TcpProxy): Promise<WorkerProcess> {
  const databaseUrl = new URL(rig.database.url);
  databaseUrl.port = String(database.port);
  const child = startWorkerProcess({
    NATS_URL: gate.url,
    DATABASE_URL: databaseUrl.href,
    OPS_PORT: "0",
    DISCONNECT_GRACE_MS: String(GRACE_MS),
    GATEWAY_LEASE_MS: String(rig.config.gatewayLeaseMs),
    WORKER_LEASE_MS: String(rig.config.workerLeaseMs),
  });
  onTestFinished(async () => void (await child.kill()));
  return child;
}

async function waysIn(rig: Rig): Promise<{ gate: NatsGate; database: TcpProxy }> {
  const gate = await startNatsGate(Number(new URL(rig.nats.url).port));
  const database = await startTcpProxy(Number(new URL(rig.database.url).port));
  onTestFinished(async () => void (await Promise.all([gate.close(), database.close()])));
  return { gate, database };
}

type Picture = Awaited<ReturnType<typeof picture>>;

/** Another worker takes over: everything ends as if nothing had happened, and viewers received nothing twice. */
async function expectAsIfNothingHappened({ rig, shown }: Run, expected: Picture): Promise<void> {
  const next = await rig.startWorker();
  await allOwned(next);
  await eventually(async () => expect(await picture(rig)).toEqual(expected), { within: 20_000 });
  for (const [userId, versions] of shown)
    expect({ userId, versions }).toEqual({ userId, versions: [...new Set(versions)].sort((a, b) => a - b) });
}

const isRecord = ({ subject }: Outgoing) => subject.startsWith(keySubject(BUCKET_STATE, ""));
const isStatus = ({ subject }: Outgoing) => subject.startsWith("presence.set.");
const isRemoval = (message: Outgoing) => isRecord(message) && message.body.includes("KV-Operation: DEL");
const isReading = ({ subject }: Outgoing) =>
  subject.startsWith("$JS.API.CONSUMER.") && subject.includes(STREAM_EVENTS);
const isCheckpoint = ({ subject }: Outgoing) => subject.startsWith(keySubject(BUCKET_LEASES, "p."));
/** Shuts at the n-th message that matches. */
const nth = (count: number, matches: (message: Outgoing) => boolean) => {
  let left = count;
  return (message: Outgoing) => matches(message) && --left === 0;
};
/** Shuts at the first message that matches after one that matched `before`. */
const after = (before: (message: Outgoing) => boolean, matches: (message: Outgoing) => boolean) => {
  let armed = false;
  return (message: Outgoing) => {
    if (armed && matches(message)) return true;
    armed ||= before(message);
    return false;
  };
};

describe("a worker that is killed", () => {
  let expected: Picture;
  beforeAll(async () => {
    const rig = await startRig({ graceMs: GRACE_MS });
    for (const userId of allUsers) await rig.addUser(userId);
    await allOwned(await rig.startWorker());
    const gateway = rig.gateway();
    await arrive(rig, gateway);
    await live(rig, gateway);
    await goOn(rig, gateway);
    const gone = ["n0", ...users.filter((_, at) => [1, 2, 4].includes(at % 6))];
    await eventually(async () => {
      const records = await Promise.all(gone.map((userId) => rig.record(userId)));
      return records.every((record) => record === undefined);
    });
    expected = await picture(rig);
    await rig.stop();
  });

  it("is compared with a run that shows every fate", () => {
    const fates = new Set(expected.map(({ status }) => `${status?.isOnline} ${status?.cause}`));
    expect([...fates].sort()).toEqual([
      "false connection-lost",
      "false disconnect",
      "true connect",
      "true manual",
    ]);
    expect(expected.flatMap(({ history }) => history).length).toBeGreaterThan(allUsers.length);
  });

  it.each<[string, () => (message: Outgoing) => boolean]>([
    ["before the first status", () => isStatus],
    ["amid the statuses", () => nth(9, isStatus)],
    ["after a status, before any record", () => after(isStatus, isRecord)],
    ["amid the records", () => nth(7, isRecord)],
    ["after records, before the first checkpoint", () => after(isRecord, isCheckpoint)],
    ["amid the checkpoints", () => nth(20, isCheckpoint)],
    ["amid the removal of records", () => nth(3, isRemoval)],
    ["after the removal of a record, before the checkpoint", () => after(isRemoval, isCheckpoint)],
  ])("%s leaves no trace", async (_, point) => {
    const run = await begin();
    const { rig, gateway } = run;
    const { gate, database } = await waysIn(rig);
    const child = await startChild(rig, gate, database);
    await eventually(async () => (await leases(rig)).every(({ owner }) => owner !== null), {
      within: 20_000,
    });
    await arrive(rig, gateway);

    const shut = gate.shutAt(point());
    await live(rig, gateway);
    await shut;
    await child.kill();
    await goOn(rig, gateway);
    await expectAsIfNothingHappened(run, expected);
  });

  it("after the checkpoint, before the database has the rows, leaves no trace", async () => {
    const run = await begin();
    const { rig, gateway } = run;
    const { gate, database } = await waysIn(rig);
    const child = await startChild(rig, gate, database);
    await eventually(async () => (await leases(rig)).every(({ owner }) => owner !== null), {
      within: 20_000,
    });
    await arrive(rig, gateway);

    database.freeze();
    const before = await lastSequence(rig);
    await live(rig, gateway);
    await checkpointed(rig, users, before + 1, { stored: false });
    await child.kill();
    await goOn(rig, gateway);
    await expectAsIfNothingHappened(run, expected);
  });

  it.each<[string, () => (message: Outgoing) => boolean]>([
    ["after a claim, before it has read any of the log", () => isReading],
    ["when it has read the log, before the first status", () => isStatus],
    ["during a takeover, amid the records", () => nth(5, isRecord)],
  ])("%s leaves no trace", async (_, point) => {
    const run = await begin();
    const { rig, gateway } = run;
    const first = await rig.startWorker();
    await allOwned(first);
    await arrive(rig, gateway);
    await first.stop();
    await live(rig, gateway);

    const { gate, database } = await waysIn(rig);
    const shut = gate.shutAt(point());
    const child = await startChild(rig, gate, database);
    await shut;
    await child.kill();
    await goOn(rig, gateway);
    await expectAsIfNothingHappened(run, expected);
  });
});
