import { setTimeout as pause } from "node:timers/promises";
import { createLeaseBoard } from "@meeshy/shared/nats/lease-board";
import { keySubject } from "@meeshy/shared/nats/streams";
import { createLogger } from "@meeshy/shared/runtime/logger";
import {
  BUCKET_LEASES,
  BUCKET_STATE,
  leaseKeys,
  PARTITIONS,
  partitionOf,
  STREAM_EVENTS,
} from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startTcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { beforeAll, describe, expect, it, type TestContext } from "vitest";
import type { Connection } from "../src/core/record.ts";
import type { PartitionLease } from "../src/io/checkpoint.ts";
import { type Outgoing, startNatsGate } from "./nats-gate.ts";
import { allOwned, profileOf, type Rig, startRig, type TestGateway } from "./rig.ts";
import { startWorkerProcess } from "./worker-process.ts";

const GRACE_MS = 100;
/** Partition time in which a grace has passed for certain. */
const LONG_AFTER_MS = 1_000;
const users = Array.from({ length: 24 }, (_, at) => `u${at}`);
const late = Array.from({ length: 6 }, (_, at) => `n${at}`);
const allUsers = [...users, ...late];
/** Workers run side by side here, each with 64 partitions to take over: "soon" may be long on a busy machine. */
const within = 60_000;

interface Run {
  rig: Rig;
  gateway: TestGateway;
  /** of all partitions, as they are written; `undefined` where there is none yet */
  leases(): (PartitionLease | undefined)[];
  /** versions in the order in which viewers received them, by user */
  shown: Map<string, number[]>;
}

/** All users come online; resolves when that is stored everywhere. */
async function arrive({ rig, gateway, leases }: Run): Promise<void> {
  await rig.tick();
  for (const userId of users) await gateway.connect(userId, "c1");
  await checkpointed(leases, PARTITIONS + 1, { stored: true });
}

/** Six kinds of fate, then enough time for zombies to end, then newcomers. Message for message the same each time. */
async function live({ rig, gateway }: Run): Promise<void> {
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
async function goOn({ rig, gateway }: Run): Promise<void> {
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

/** Resolves when the partitions of `users` have passed `seq`, and the database too if wanted. */
async function checkpointed(
  leases: Run["leases"],
  seq: number,
  { stored }: { stored: boolean },
): Promise<void> {
  const partitions = [...new Set(users.map(partitionOf))];
  const isPast = (lease: PartitionLease | undefined) =>
    (lease?.memory?.seq ?? 0) >= seq && (!stored || (lease?.storedUpTo ?? 0) >= seq);
  await eventually(() => partitions.map((p) => leases()[p]).every(isPast), {
    what: "the checkpoints",
    within,
  });
}

const areOwned = (leases: Run["leases"]) => () => leases().every((lease) => lease && lease.owner !== null);

type OnEnd = TestContext["onTestFinished"];

async function begin(onEnd: OnEnd): Promise<Run> {
  const rig = await startRig({ graceMs: GRACE_MS });
  onEnd(() => rig.stop());
  const shown = new Map<string, number[]>();
  rig.link.nc.subscribe("presence.status.*", {
    callback: (_error, message) => {
      const { userId, version } = message.json<{ userId: string; version: number }>();
      shown.set(userId, [...(shown.get(userId) ?? []), version]);
    },
  });
  const board = createLeaseBoard(rig.link, createLogger("test", "silent"));
  onEnd(() => board.close());
  const leaseOf = (_: unknown, p: number) =>
    board.get(leaseKeys.partition(p))?.value as PartitionLease | undefined;
  await Promise.all(allUsers.map((userId) => rig.addUser(userId)));
  const leases = () => Array.from({ length: PARTITIONS }, leaseOf);
  return { rig, gateway: rig.gateway(), leases, shown };
}

/** A worker in a process of its own, the ways of which to NATS and to the database can be closed. */
async function startChild({ rig }: Run, onEnd: OnEnd, shut?: (message: Outgoing) => boolean) {
  const gate = await startNatsGate(Number(new URL(rig.nats.url).port));
  const databaseUrl = new URL(rig.database.url);
  const database = await startTcpProxy(Number(databaseUrl.port));
  onEnd(async () => void (await Promise.all([gate.close(), database.close()])));
  databaseUrl.port = String(database.port);
  const isShut = shut && gate.shutAt(shut);
  const child = startWorkerProcess({
    NATS_URL: gate.url,
    DATABASE_URL: databaseUrl.href,
    OPS_PORT: "0",
    DISCONNECT_GRACE_MS: String(GRACE_MS),
    GATEWAY_LEASE_MS: String(rig.config.gatewayLeaseMs),
    WORKER_LEASE_MS: String(rig.config.workerLeaseMs),
  });
  onEnd(async () => void (await child.kill()));
  return { child, gate, database, isShut };
}

type Picture = Awaited<ReturnType<typeof picture>>;

/** Another worker takes over: everything ends as if nothing had happened, and viewers received nothing twice. */
async function expectAsIfNothingHappened({ rig, shown }: Run, expected: Picture): Promise<void> {
  const next = await rig.startWorker();
  await allOwned(next);
  await eventually(async () => expect(await picture(rig)).toEqual(expected), { within });
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

describe.concurrent("a worker that is killed", { timeout: 180_000 }, () => {
  let expected: Picture;
  beforeAll(async () => {
    const ends: Parameters<OnEnd>[0][] = [];
    const run = await begin((end) => void ends.push(end));
    const { rig } = run;
    await allOwned(await rig.startWorker());
    await arrive(run);
    await live(run);
    await goOn(run);
    const gone = ["n0", ...users.filter((_, at) => [1, 2, 4].includes(at % 6))];
    await eventually(
      async () => {
        const records = await Promise.all(gone.map((userId) => rig.record(userId)));
        return records.every((record) => record === undefined);
      },
      { within },
    );
    expected = await picture(rig);
    for (const end of ends.reverse()) await (end as () => unknown)();
  }, 180_000);

  it("is compared with a run that shows every fate", ({ expect }) => {
    const fates = new Set(expected.map(({ status }) => `${status?.isOnline} ${status?.cause}`));
    expect([...fates].sort()).toEqual([
      "false connection-lost",
      "false disconnect",
      "true connect",
      "true manual",
    ]);
    expect(expected.flatMap(({ history }) => history).length).toBeGreaterThan(allUsers.length);
  });

  it.for<[string, () => (message: Outgoing) => boolean]>([
    ["before the first status", () => isStatus],
    ["amid the statuses", () => nth(9, isStatus)],
    ["after a status, before any record", () => after(isStatus, isRecord)],
    ["amid the records", () => nth(7, isRecord)],
    ["after records, before the first checkpoint", () => after(isRecord, isCheckpoint)],
    ["amid the checkpoints", () => nth(20, isCheckpoint)],
    // Two are removed, and no checkpoint is written after that.
    ["amid the removal of records", () => nth(3, isRemoval)],
  ])("%s leaves no trace", async ([, point], { onTestFinished }) => {
    const run = await begin(onTestFinished);
    const { child, gate } = await startChild(run, onTestFinished);
    await eventually(areOwned(run.leases), { within });
    await arrive(run);

    const isShut = gate.shutAt(point());
    await live(run);
    await isShut;
    await child.kill();
    await goOn(run);
    await expectAsIfNothingHappened(run, expected);
  });

  it("after the record of the first message of all, before a checkpoint covers it, begins no epoch", async ({
    onTestFinished,
  }) => {
    const run = await begin(onTestFinished);
    const { child, isShut } = await startChild(run, onTestFinished, after(isRecord, isCheckpoint));
    await eventually(areOwned(run.leases), { within });
    expect(await run.gateway.connect("u0", "c1")).toBe(1);
    await isShut;
    await child.kill();
    await allOwned(await run.rig.startWorker());
    const left = await run.gateway.disconnect("u0", "c1");
    await eventually(async () => expect(await run.rig.status("u0")).toMatchObject({ version: left }), {
      within,
    });
    expect(await run.rig.status("u0")).toMatchObject({ epoch: 1, isOnline: false });
  });

  it("after the checkpoint, before the database has the rows, leaves no trace", async ({
    onTestFinished,
  }) => {
    const run = await begin(onTestFinished);
    const { child, database } = await startChild(run, onTestFinished);
    await eventually(areOwned(run.leases), { within });
    await arrive(run);

    database.freeze();
    const before = await lastSequence(run.rig);
    await live(run);
    await checkpointed(run.leases, before + 1, { stored: false });
    await child.kill();
    await goOn(run);
    await expectAsIfNothingHappened(run, expected);
  });

  it.for<[string, () => (message: Outgoing) => boolean]>([
    ["after a claim, before it has read any of the log", () => isReading],
    ["when it has read the log, before the first status", () => isStatus],
    ["during a takeover, amid the records", () => nth(5, isRecord)],
  ])("%s leaves no trace", async ([, point], { onTestFinished }) => {
    const run = await begin(onTestFinished);
    const first = await run.rig.startWorker();
    await allOwned(first);
    await arrive(run);
    await first.stop();
    await live(run);

    const { child, isShut } = await startChild(run, onTestFinished, point());
    await isShut;
    await child.kill();
    await goOn(run);
    await expectAsIfNothingHappened(run, expected);
  });
});
