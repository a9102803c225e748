import type { NatsLink } from "@meeshy/shared/nats/connect";
import { fromBytes, toBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import type { Bus, ConsumeOptions } from "@meeshy/shared/ports/bus";
import {
  BUCKET_LEASES,
  BUCKET_STATE,
  eventSubject,
  leaseKeys,
  PARTITIONS,
  partitionFilter,
  partitionOf,
  partitionSubject,
  STREAM_EVENTS,
  STREAM_STATUS,
} from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { onOtherReplica } from "@meeshy/shared/testing/other-replica";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { allOwned, type Rig, type RunningWorker, startRig } from "./rig.ts";

let rig: Rig;
beforeEach(async () => {
  rig = await startRig({ graceMs: 1_000 });
});
afterEach(() => rig.stop());

const users = Array.from({ length: 300 }, (_, at) => `user${at}`);

async function figure(running: RunningWorker, sample: string): Promise<number> {
  const metrics = await running.registry.metrics();
  const line = metrics.split("\n").find((text) => text.startsWith(`${sample} `));
  return Number(line?.split(" ")[1] ?? 0);
}
const processed = (running: RunningWorker) =>
  figure(running, 'meeshy_log_messages_total{type="connected",admission="accepted"}');
const takeovers = (running: RunningWorker) => figure(running, "meeshy_takeover_seconds_count");
const sumOf = (figures: readonly number[]) => figures.reduce((sum, one) => sum + one, 0);

async function onlineCount(): Promise<number> {
  const statuses = await Promise.all(users.map((userId) => rig.status(userId)));
  return statuses.filter((status) => status?.isOnline).length;
}

/** A bus that holds back what chosen consumers are sent, from `begin` to `end`. */
function deafTo(isChosen: (options: ConsumeOptions) => boolean) {
  const held: (() => void)[] = [];
  let isDeaf = false;
  const hear = (options: ConsumeOptions, deliver: () => void | Promise<void>) => {
    if (!isDeaf || !isChosen(options)) return deliver();
    held.push(deliver);
  };
  return {
    seenBy: (link: NatsLink): Bus => ({
      ...link,
      consume: (options) =>
        link.consume({
          ...options,
          onMessage: (message) => hear(options, () => options.onMessage(message)),
          onCaughtUp: () => hear(options, options.onCaughtUp),
        }),
    }),
    begin: () => {
      isDeaf = true;
    },
    end: () => {
      isDeaf = false;
      for (const deliver of held.splice(0)) deliver();
    },
  };
}

/** Ends a worker as a crash does: nothing released, nothing written any more. */
async function crash(running: RunningWorker): Promise<void> {
  await running.link.close();
}

describe("partitions", () => {
  it("are shared fairly by three workers, and each has processed events", async () => {
    const workers = await Promise.all([rig.startWorker(), rig.startWorker(), rig.startWorker()]);
    const owned = await eventually(async () => {
      const counts = await allOwned(...workers);
      return counts.every((count) => count === 21 || count === 22) && counts;
    });
    expect(sumOf(owned)).toBe(PARTITIONS);
    const takenOver = async () => sumOf(await Promise.all(workers.map(takeovers)));
    const before = await takenOver();
    expect(before).toBeGreaterThanOrEqual(PARTITIONS);
    const gateway = rig.gateway();
    await Promise.all(users.map((userId) => gateway.connect(userId, "c1")));
    await eventually(async () => (await onlineCount()) === users.length);
    const counts = await Promise.all(workers.map(processed));
    expect(counts.every((count) => count > 0)).toBe(true);
    expect(sumOf(counts)).toBeGreaterThanOrEqual(users.length);
    // Where a partition changed hands meanwhile, on a busy machine, its next owner has read again from the checkpoint.
    await allOwned(...workers);
    if ((await takenOver()) === before) expect(sumOf(counts)).toBe(users.length);
  });

  it("change hands in good order when a worker stops: nothing is shown twice", async () => {
    const [first, second] = await Promise.all([rig.startWorker(), rig.startWorker()]);
    await allOwned(first, second);
    const gateway = rig.gateway();
    await Promise.all(users.map((userId) => gateway.connect(userId, "c1")));
    await eventually(async () => (await onlineCount()) === users.length);
    const seen: string[] = [];
    rig.link.nc.subscribe("presence.status.*", {
      callback: (_error, message) => void seen.push(message.subject),
    });
    await first.stop();
    await allOwned(second);
    const left = await gateway.disconnect("user1", "c1");
    await eventually(async () => (await rig.status("user1"))?.version === left);
    // What is stored is published a moment after.
    await eventually(() => seen.length > 0);
    expect(seen).toEqual(["presence.status.user1"]);
  });

  it("that another has taken and released while their owner stood still are taken again", async () => {
    const running = await rig.startWorker();
    await allOwned(running);
    const subject = keySubject(BUCKET_LEASES, leaseKeys.partition(0));
    const lease = async () => {
      const last = await rig.link.lastValue(bucketStream(BUCKET_LEASES), subject);
      return last && { ...(fromBytes(last.data) as { owner: string | null }), seq: last.seq };
    };
    const { seq: _, ...held } = await eventually(lease);
    // Both at once: the owner sees the last of them alone.
    const written = [
      { ...held, owner: "w_other" },
      { ...held, owner: null },
    ].map((value) => rig.link.acks.publish(subject, toBytes(value)));
    const [, released] = await Promise.all(written);
    const again = await eventually(async () => {
      const last = await lease();
      return last?.owner === running.worker.id && last;
    });
    expect(again.seq).toBeGreaterThan(released?.seq ?? 0);
    await allOwned(running);
  });

  it("are taken over from a crashed worker; what was written meanwhile is processed, and nothing twice", async () => {
    const [first, second] = await Promise.all([rig.startWorker(), rig.startWorker()]);
    await allOwned(first, second);
    const gateway = rig.gateway();
    await Promise.all(users.map((userId) => gateway.connect(userId, "c1")));
    await eventually(async () => (await onlineCount()) === users.length);
    const versions = new Map<string, number[]>();
    rig.link.nc.subscribe("presence.status.*", {
      callback: (_error, message) => {
        const { userId, version } = message.json<{ userId: string; version: number }>();
        versions.set(userId, [...(versions.get(userId) ?? []), version]);
      },
    });
    await crash(first);
    const left = await Promise.all(users.map((userId) => gateway.disconnect(userId, "c1")));
    await eventually(async () => (await onlineCount()) === 0);
    await allOwned(second);
    await eventually(() => versions.size === users.length);
    for (const [at, userId] of users.entries()) expect(versions.get(userId)).toEqual([left[at]]);
  });

  it.each([-2, 2])(
    "are taken over by a worker whose replica of the leases counts %i messages more than the leader",
    async (by) => {
      const first = await rig.startWorker();
      await allOwned(first);
      const gateway = rig.gateway();
      await gateway.connect("alice", "c1");
      await eventually(async () => (await rig.status("alice"))?.isOnline);
      const second = await rig.startWorker({}, (link) =>
        onOtherReplica(link, bucketStream(BUCKET_LEASES), by, 10),
      );
      await eventually(() => second.worker.figures().partitions === PARTITIONS / 2);
      await crash(first);
      const left = await gateway.disconnect("alice", "c1");
      await eventually(async () => (await rig.status("alice"))?.version === left);
      await allOwned(second);
      expect(await rig.status("alice")).toMatchObject({ isOnline: false, epoch: 1 });
    },
  );

  it("stay with one owner: a worker cut off for longer than its lease gives up what another took", async () => {
    const [first, second] = await Promise.all([rig.startWorker(), rig.startWorker()]);
    await allOwned(first, second);
    const lease = keySubject(BUCKET_LEASES, leaseKeys.partition(7));
    const stolen = { owner: second.worker.id, memory: null, storedUpTo: 0 };
    const owner = async () =>
      (await rig.link.jsm.direct.getMessage(bucketStream(BUCKET_LEASES), { last_by_subj: lease }))?.json<{
        owner: string;
      }>().owner;
    const before = await owner();
    await rig.link.acks.publish(lease, toBytes({ ...stolen, owner: "w_foreign" }));
    await rig.link.acks.publish(
      keySubject(BUCKET_LEASES, leaseKeys.worker("w_foreign")),
      toBytes({ beat: 1 }),
    );
    expect([first.worker.id, second.worker.id]).toContain(before);
    await eventually(
      () => first.worker.figures().partitions + second.worker.figures().partitions < PARTITIONS,
    );
    await eventually(async () => [first.worker.id, second.worker.id].includes((await owner()) ?? ""));
    await allOwned(first, second);
  });

  it("that are another's by now, whose log was trimmed meanwhile, begin no epoch: their former owner gives them up", async () => {
    const deaf = deafTo(
      ({ stream, filter }) => stream === bucketStream(BUCKET_LEASES) || filter === partitionFilter(7),
    );
    const running = await rig.startWorker({}, deaf.seenBy);
    await allOwned(running);
    await rig.tick();
    const subject = keySubject(BUCKET_LEASES, leaseKeys.partition(7));
    const lease = async () =>
      fromBytes((await rig.link.lastValue(bucketStream(BUCKET_LEASES), subject))?.data ?? toBytes({})) as {
        memory?: { seq: number };
      };
    await eventually(async () => ((await lease()).memory?.seq ?? 0) > 0, { what: "a checkpoint" });
    deaf.begin();
    await rig.tick();
    const { last } = await rig.link.info(STREAM_EVENTS);
    await rig.tick();
    const { memory } = await lease();
    const passed = { memory: { ...memory, seq: last, time: null }, storedUpTo: 0 };
    await rig.link.acks.publish(subject, toBytes({ owner: "w_other", ...passed }));
    await rig.link.purge(STREAM_EVENTS, { below: last + 1 });
    await running.link.nc.reconnect();
    await eventually(() => running.worker.figures().partitions === PARTITIONS - 1);
    deaf.end();
    await allOwned(running);
    const connected = await rig.gateway().connect("alice", "c1");
    await eventually(async () => (await rig.status("alice"))?.version === connected);
    expect(await rig.status("alice")).toMatchObject({ epoch: 1, isOnline: true });
  });
});

it("a worker stops although the records that it waits for cannot come: NATS has ended its link", async () => {
  const deaf = deafTo(({ stream }) => stream === bucketStream(BUCKET_STATE));
  deaf.begin();
  const taking = await rig.startWorker({}, deaf.seenBy);
  const subject = keySubject(BUCKET_LEASES, leaseKeys.partition(7));
  await eventually(
    async () => (await rig.link.lastValue(bucketStream(BUCKET_LEASES), subject)) !== undefined,
  );
  await taking.link.close();
  await taking.stop();
});

describe("the log", () => {
  it("that was recreated under stopped workers is noticed: a new epoch, and who is announced stays online", async () => {
    const running = await rig.startWorker();
    await allOwned(running);
    const before = rig.gateway();
    await before.connect("alice", "c1");
    await before.connect("bob", "c1");
    await eventually(async () => (await rig.status("bob"))?.isOnline);
    await running.stop();
    const { config } = await rig.link.jsm.streams.info(STREAM_EVENTS);
    await rig.link.jsm.streams.delete(STREAM_EVENTS);
    await rig.link.jsm.streams.add(config);

    const again = await rig.startWorker();
    await allOwned(again);
    const announcing = rig.gateway();
    const announced = await announcing.connect("alice", "c1");
    await eventually(async () => (await rig.record("alice"))?.epoch === 2);
    await eventually(
      async () => {
        await rig.tick();
        return (await rig.status("bob"))?.isOnline === false;
      },
      { every: 250 },
    );
    expect(await rig.status("bob")).toMatchObject({ epoch: 2, cause: "gateway-lost" });
    expect(await rig.status("alice")).toMatchObject({ isOnline: true });
    const left = await announcing.disconnect("alice", "c1");
    await eventually(async () => (await rig.status("alice"))?.isOnline === false);
    expect(await rig.status("alice")).toMatchObject({ epoch: 2, version: left });
    expect(announced).toBeLessThan(left);
  });

  it("replayed by a new worker gives the same statuses again: none is published", async () => {
    const running = await rig.startWorker();
    await allOwned(running);
    const gateway = rig.gateway();
    for (const userId of users.slice(0, 50)) {
      await gateway.connect(userId, "c1");
      await gateway.connect(userId, "c2");
      await gateway.disconnect(userId, "c1", "transport close");
    }
    await eventually(async () => (await onlineCount()) === 50);
    await crash(running);
    const seen: string[] = [];
    rig.link.nc.subscribe("presence.status.*", {
      callback: (_error, message) => void seen.push(message.subject),
    });
    const again = await rig.startWorker();
    await allOwned(again);
    const last = await gateway.disconnect("user0", "c2");
    await eventually(async () => (await rig.status("user0"))?.version === last);
    await eventually(() => seen.length > 0);
    expect(seen).toEqual(["presence.status.user0"]);
  });
});

describe("time", () => {
  it("is the broker's, corrected by the sweepers: a jump of ten minutes declares no user idle", async () => {
    const running = await rig.startWorker({ offlineThresholdMs: 60_000 });
    await allOwned(running);
    await rig.gateway().connect("alice", "c1");
    await eventually(async () => (await rig.status("alice"))?.isOnline);
    const p = partitionOf("alice");
    const write = (elapsed: number) =>
      rig.link.acks.publish(
        partitionSubject("sweep", p),
        toBytes({ event: { type: "timeout", sweeperId: "s_jump", elapsed } }),
      );
    await write(600_000);
    await write(500);
    const last = await write(1_000);
    await eventually(async () => running.worker.figures().partitionLag === 0 && last.seq > 0);
    await rig.link.acks.publish(eventSubject("gw", "alice"), toBytes({ event: { type: "activity" } }));
    expect((await rig.status("alice"))?.isOnline).toBe(true);
  });
});

describe("damage under running workers", () => {
  it.each([
    ["the log", [STREAM_EVENTS]],
    ["the leases", [bucketStream(BUCKET_LEASES)]],
    ["the statuses", [STREAM_STATUS]],
    ["the records", [bucketStream(BUCKET_STATE)]],
    ["everything", [STREAM_EVENTS, STREAM_STATUS, bucketStream(BUCKET_LEASES), bucketStream(BUCKET_STATE)]],
  ])(
    "%s deleted: made anew, a new epoch begins, and who is announced is online in it",
    async (_, streams) => {
      const running = await rig.startWorker();
      await allOwned(running);
      await rig.gateway().connect("alice", "c1");
      await eventually(async () => (await rig.status("alice"))?.isOnline);
      for (const stream of streams) await rig.link.jsm.streams.delete(stream);

      const epoch = await eventually(
        async () => {
          const last = await rig.link.lastValue(
            bucketStream(BUCKET_LEASES),
            keySubject(BUCKET_LEASES, leaseKeys.epoch),
          );
          const value = last && (fromBytes(last.data) as { epoch: number });
          return value?.epoch === 2 && value;
        },
        { what: "the second epoch" },
      );
      expect(epoch.epoch).toBe(2);
      await allOwned(running);
      const gateway = rig.gateway();
      await gateway.connect("alice", "c1");
      await eventually(async () => (await rig.record("alice"))?.epoch === 2);
      const left = await gateway.disconnect("alice", "c1");
      await eventually(async () => (await rig.status("alice"))?.isOnline === false);
      expect(await rig.status("alice")).toMatchObject({ epoch: 2, version: left });
    },
  );

  it("statuses deleted under stopped workers are published again by the worker alone", async () => {
    const running = await rig.startWorker();
    await allOwned(running);
    await rig.gateway().connect("alice", "c1");
    await eventually(async () => (await rig.record("alice"))?.state === "online");
    await running.stop();
    await rig.link.jsm.streams.delete(STREAM_STATUS);
    await rig.startWorker();
    await eventually(async () => (await rig.status("alice"))?.isOnline);
  });

  it("a lease that is not readable is written anew by its owner, and work goes on", async () => {
    const running = await rig.startWorker();
    await allOwned(running);
    const p = partitionOf("alice");
    await rig.gateway().connect("alice", "c1");
    await eventually(async () => (await rig.record("alice"))?.state === "online");
    await rig.link.acks.publish(
      keySubject(BUCKET_LEASES, leaseKeys.partition(p)),
      new TextEncoder().encode("garbage"),
    );
    await eventually(async () => (await rig.record("alice"))?.epoch === 1);
    await allOwned(running);
    const gateway = rig.gateway();
    await gateway.connect("bob", "c1");
    await eventually(async () => (await rig.status("bob"))?.isOnline);
  });

  it("a record that is not readable is set aside, and the others of the partition live on", async () => {
    const running = await rig.startWorker();
    await allOwned(running);
    const gateway = rig.gateway();
    await gateway.connect("alice", "c1");
    await eventually(() => rig.record("alice"));
    await running.stop();
    const key = `${partitionOf("alice")}.mallory`;
    await rig.link.acks.publish(keySubject(BUCKET_STATE, key), new TextEncoder().encode("{"));
    const again = await rig.startWorker();
    await allOwned(again);
    const left = await gateway.disconnect("alice", "c1");
    await eventually(async () => (await rig.status("alice"))?.version === left);
  });
});
