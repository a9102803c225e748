import type { PartitionMessage, Profile, UserEvent, UserMessage } from "@meeshy/shared/events";
import { canaryId } from "@meeshy/shared/ids";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Inbound } from "../../src/core/inbound.ts";
import { createPartition, type Partition } from "../../src/core/partition.ts";
import { initialMemory } from "../../src/core/partition-memory.ts";
import { intoEpoch, type UserRecord } from "../../src/core/record.ts";
import { createTransition } from "../../src/core/transition.ts";

const rules = { offlineThresholdMs: 60_000, graceMs: 5_000, multiDevice: "allow" } as const;
const periods = { ...rules, gatewayLeaseMs: 6_000, renewAfterMs: 12 * 3_600_000 };
const profile: Profile = {
  username: "x",
  isAnonymous: false,
  conversationIds: ["general"],
  availability: "available",
  statusText: null,
  availabilityExpiresAt: null,
  lastActiveAt: null,
  lastSeen: null,
};
const open = (memory = initialMemory(1), records: UserRecord[] = []): Partition =>
  createPartition(createTransition(rules), periods, memory, records);

const connected = (connectionId: string, gatewayId: string): UserEvent => ({
  type: "connected",
  connectionId,
  gatewayId,
  device: null,
  idleMs: 0,
  profile,
});

/** A log under construction: one publisher a gateway, time in ms. */
function createLog() {
  const messages: Inbound[] = [];
  const numbers = new Map<string, number>();
  const put = (time: number, userId: string | undefined, message: object) =>
    messages.push({ seq: messages.length + 1, time, userId, message } as Inbound);
  const nextOf = (publisher: string) => {
    const number = (numbers.get(publisher) ?? 0) + 1;
    numbers.set(publisher, number);
    return number;
  };
  return {
    messages,
    unreadable: (time: number, publisher: string) =>
      put(time, undefined, { publisher, number: nextOf(publisher), event: { type: "unreadable" } }),
    user(time: number, userId: string, event: UserEvent, publisher: string, waitedMs?: number) {
      const number = nextOf(publisher);
      put(time, userId, { event, publisher, number, waitedMs } satisfies Partial<UserMessage>);
    },
    partition: (time: number, event: PartitionMessage["event"]) => put(time, undefined, { event }),
    timeout: (time: number, elapsed = time) =>
      put(time, undefined, { event: { type: "timeout", sweeperId: "s1", elapsed } }),
  };
}

const apply = (partition: Partition, messages: Inbound[]) => {
  for (const message of messages) partition.apply(message);
  return partition;
};

describe("a partition", () => {
  it("accepts what a publisher writes after a message that cannot be read", () => {
    const log = createLog();
    log.user(0, "alice", connected("c1", "g1"), "g1");
    log.unreadable(1, "g1");
    log.user(2, "bob", connected("c2", "g1"), "g1");
    const partition = open();
    const admissions = log.messages.map((message) => partition.apply(message).admission);
    expect(admissions).toEqual(["accepted", "accepted", "accepted"]);
    expect(partition.get("bob")?.state).toBe("online");
    expect(partition.seq()).toBe(3);
  });

  it("dates what had to wait in its gateway from when it happened", () => {
    const log = createLog();
    log.user(20_000, "alice", connected("c1", "g1"), "g1", 8_000);
    const reason = "client namespace disconnect";
    log.user(40_000, "alice", { type: "disconnected", connectionId: "c1", reason }, "g1", 9_000);
    const [first, second] = log.messages as [Inbound, Inbound];
    const partition = open();
    partition.apply(first);
    expect(partition.get("alice")?.connections).toMatchObject([{ since: 12_000 }]);
    partition.apply(second);
    expect(partition.get("alice")).toMatchObject({ state: "offline", lastSeen: 31_000 });
  });

  it("declares no user idle while the log holds no timeouts, however late it gets", () => {
    const log = createLog();
    log.user(0, "alice", connected("c1", "g1"), "g1");
    log.user(10_000_000, "bob", connected("c1", "g1"), "g1");
    expect(apply(open(), log.messages).get("alice")?.state).toBe("online");
  });

  it("takes an idle user offline at the deadline plus the grace", () => {
    const log = createLog();
    log.user(0, "alice", connected("c1", "g1"), "g1");
    log.timeout(59_999);
    const partition = apply(open(), log.messages);
    expect(partition.get("alice")?.state).toBe("online");
    log.timeout(60_000);
    partition.apply(log.messages[2] as Inbound);
    expect(partition.get("alice")?.state).toBe("zombie");
    log.timeout(65_000);
    partition.apply(log.messages[3] as Inbound);
    expect(partition.get("alice")).toMatchObject({
      state: "offline",
      shown: { isOnline: false, cause: "idle" },
    });
  });

  it("counts idleness from the last activity, not from the first", () => {
    const log = createLog();
    log.user(0, "alice", connected("c1", "g1"), "g1");
    log.user(30_000, "alice", { type: "activity" }, "g1");
    log.timeout(60_000);
    const partition = apply(open(), log.messages);
    expect(partition.get("alice")?.state).toBe("online");
    log.timeout(90_000);
    partition.apply(log.messages[3] as Inbound);
    expect(partition.get("alice")?.state).toBe("zombie");
  });

  it("counts who is online and who is active", () => {
    const log = createLog();
    log.user(0, "alice", connected("c1", "g1"), "g1");
    log.user(0, "bob", connected("c2", "g1"), "g1");
    log.user(1, "bob", { type: "disconnected", connectionId: "c2", reason: "transport close" }, "g1");
    expect(apply(open(), log.messages).counts()).toEqual({ users: 2, online: 2, active: 1 });
  });

  it("counts no canary", () => {
    const log = createLog();
    log.user(0, canaryId("g1", 1), connected("c1", "g1"), "g1");
    expect(apply(open(), log.messages).counts()).toEqual({ users: 1, online: 0, active: 0 });
  });

  it("judges a look by proven time: the broker's clock may have jumped since the last timeout", () => {
    const log = createLog();
    const look: UserEvent = { type: "look", profile };
    log.user(0, "alice", connected("c1", "g1"), "g1");
    log.timeout(500);
    log.user(3_600_600, "alice", look, "g1");
    log.timeout(3_601_000, 1_000);
    log.timeout(3_601_500, 1_500);
    log.user(3_607_000, "alice", look, "g1");
    const partition = open();
    const states = log.messages.map((message) => {
      partition.apply(message);
      return partition.get("alice")?.state;
    });
    expect(new Set(states)).toEqual(new Set(["online"]));
  });

  it("takes an idle user offline at a look when the time for that is proven", () => {
    const log = createLog();
    log.user(0, "alice", connected("c1", "g1"), "g1");
    log.timeout(0);
    const partition = apply(open(), log.messages);
    const record = { ...(partition.get("alice") as UserRecord), deadline: 59_000 };
    const memory = { ...partition.memory(), clock: { ...partition.memory().clock, proven: 59_000 } };
    log.user(59_001, "alice", { type: "look", profile }, "g1");
    const looked = open(memory, [record]);
    looked.apply(log.messages[2] as Inbound);
    expect(looked.get("alice")?.state).toBe("zombie");
  });

  it("sets right the deadlines that a jump of the broker's clock had put ahead, and keeps its dates", () => {
    const log = createLog();
    log.timeout(1_000);
    log.user(601_100, "alice", connected("c1", "g1"), "g1");
    log.user(601_200, "alice", { type: "disconnected", connectionId: "c1", reason: "transport close" }, "g1");
    log.timeout(601_500, 1_500);
    log.timeout(602_000, 2_000);
    const partition = apply(open(), log.messages);
    expect(partition.get("alice")).toMatchObject({
      state: "zombie",
      // The jump has cost the time between two timeouts.
      now: 1_500,
      // Dates are the broker's, and a deadline comes late by no more than the discovery of the jump took.
      lastActiveAt: 601_100,
      deadline: 6_500,
    });
    log.timeout(607_000, 7_000);
    partition.apply(log.messages[5] as Inbound);
    expect(partition.get("alice")).toMatchObject({
      state: "offline",
      lastSeen: 607_000,
      shown: { at: 607_000 },
    });
  });

  it("has the records written down whose times a jump had put ahead, and leaves those alone that lie ahead of a replay", () => {
    const log = createLog();
    log.timeout(1_000);
    log.user(1_100, "bob", connected("c1", "g1"), "g1");
    log.user(601_100, "alice", connected("c1", "g1"), "g1");
    log.timeout(601_500, 1_500);
    log.timeout(602_000, 2_000);
    log.user(602_500, "bob", { type: "activity" }, "g1");
    const partition = open();
    const touched = log.messages.map((message) =>
      partition.apply(message).changes.map(({ record }) => record.userId),
    );
    expect(touched[4]).toEqual(["alice"]);
    const replayed = apply(open(initialMemory(1), [...partition.records()]), log.messages);
    expect(replayed.get("bob")).toEqual(partition.get("bob"));
    expect(replayed.get("bob")).toMatchObject({ lastActiveAt: 602_500, deadline: 62_000 });
  });

  it("writes anew what is twelve hours old, under its old version, without a message of the log", () => {
    const log = createLog();
    const hours = (count: number) => 1e12 + count * 3_600_000;
    log.user(hours(0), "alice", connected("c1", "g1"), "g1");
    const partition = apply(open(), log.messages);
    const renewed = [11, 12, 13, 23, 24].map((at) => partition.renew(hours(at)));
    expect(
      renewed.map((changes) => changes.flatMap(({ effects }) => effects.map(({ type }) => type))),
    ).toEqual([[], ["status"], [], [], ["status"]]);
    expect(partition.get("alice")).toMatchObject({ seq: 1, shown: { version: 1 }, renewedAt: hours(24) });
  });

  it.each([
    ["who has left and waits for the database: the record alone", [], [[], [], []]],
    ["who has left with a text that ends: the status too", [5], [["status"], ["status"], []]],
  ])("writes anew, while it is held, a record of %s", (_, days, effects) => {
    const log = createLog();
    const hours = (count: number) => 1e12 + count * 3_600_000;
    log.user(hours(0), "alice", connected("c1", "g1"), "g1");
    for (const end of days) {
      const choice = { type: "availability", availability: "dnd", statusText: "away" } as const;
      log.user(hours(0), "alice", { ...choice, expiresAt: hours(24 * end), profile }, "g1");
    }
    const goodbye = {
      type: "disconnected",
      connectionId: "c1",
      reason: "client namespace disconnect",
    } as const;
    log.user(hours(0), "alice", goodbye, "g1");
    const partition = apply(open(), log.messages);
    const renewed = [13, 26, 24 * 6].map((at) => partition.renew(hours(at)));
    expect(renewed.map((changes) => changes.map((one) => one.effects.map(({ type }) => type)))).toEqual(
      effects.map((some) => [some]),
    );
  });

  it("writes anew at once what was written by a clock that was put back", () => {
    const log = createLog();
    log.user(1e12 + 26 * 3_600_000, "alice", connected("c1", "g1"), "g1");
    expect(apply(open(), log.messages).renew(1e12)).toHaveLength(1);
  });

  it("judges no deadline by a timeout that may have been held up", () => {
    const log = createLog();
    log.timeout(1_000);
    log.user(1_100, "alice", connected("c1", "g1"), "g1");
    log.timeout(70_000, 1_500);
    log.user(70_100, "alice", { type: "activity" }, "g1");
    log.timeout(70_500, 70_500);
    expect(apply(open(), log.messages).get("alice")?.state).toBe("online");
  });

  it("drops in a new epoch the connections that no gateway announces within two gateway leases", () => {
    const before = createLog();
    before.user(0, "alice", connected("c1", "g_old"), "g_old");
    before.user(0, "bob", connected("c2", "g_old"), "g_old");
    before.user(0, "bob", connected("c3", "g_older"), "g_older");
    const records = [...apply(open(), before.messages).records()].map((record) => ({ ...record, seq: 0 }));
    const after = createLog();
    after.user(1_000, "alice", connected("c1", "g_new"), "g_new");
    after.timeout(12_999);
    const partition = apply(open({ ...initialMemory(2), reconcileAt: "armed" }, records), after.messages);
    expect(partition.get("bob")?.state).toBe("online");
    after.timeout(13_000);
    partition.apply(after.messages[2] as Inbound);
    expect(partition.get("alice")?.state).toBe("online");
    // Two leases are more than the grace: bob has had his.
    expect(partition.get("bob")).toMatchObject({ state: "offline", shown: { cause: "gateway-lost" } });
  });

  it("drops in a new epoch the connections of a gateway whose only message was a hole", () => {
    const before = createLog();
    before.user(0, "alice", connected("c1", "g_old"), "g_old");
    before.user(0, "alice", { type: "activity" }, "g_old");
    const records = [...apply(open(), before.messages.slice(0, 1)).records()];
    const partition = open(
      { ...initialMemory(2), reconcileAt: "armed" },
      records.map((record) => ({ ...record, seq: 0 })),
    );
    partition.apply({ ...(before.messages[1] as Inbound), seq: 1 });
    const after = createLog();
    after.timeout(12_000);
    partition.apply({ ...(after.messages[0] as Inbound), seq: 2 });
    expect(partition.get("alice")?.state).toBe("offline");
  });

  describe.each([
    ["ahead of", 300_000],
    ["behind", -300_000],
  ])("whose clock was lost with its leases, %s the broker's", (_, ahead) => {
    /** Records at minute 20 by the lost clock, and what follows in the new epoch. */
    const lost = (log: ReturnType<typeof createLog>) => {
      const partition = apply(open(), log.messages);
      const entered = { epoch: 2, seq: 100 };
      const records = ["alice", "bob"].flatMap((userId) => partition.get(userId) ?? []);
      return open(
        { ...initialMemory(2), seq: 100 },
        records.map((record) => intoEpoch(record, entered)),
      );
    };
    const begin = 1_200_000;
    const goOn = (partition: Partition, ms: number) => {
      const log = createLog();
      for (let elapsed = 0; elapsed <= ms; elapsed += 1_000) log.timeout(begin - ahead + elapsed, elapsed);
      for (const message of log.messages) partition.apply({ ...message, seq: message.seq + 100 });
    };

    it("declares no user idle early", () => {
      const log = createLog();
      log.user(begin, "alice", connected("c1", "g1"), "g1");
      const partition = lost(log);
      goOn(partition, 10_000);
      expect(partition.get("alice")?.state).toBe("online");
    });

    it("ends a lost connection in its time", () => {
      const log = createLog();
      log.user(begin, "bob", connected("c2", "g1"), "g1");
      log.user(begin, "bob", { type: "disconnected", connectionId: "c2", reason: "transport close" }, "g1");
      const partition = lost(log);
      expect(partition.get("bob")?.state).toBe("zombie");
      goOn(partition, 4_000);
      expect(partition.get("bob")?.state).toBe("zombie");
      goOn(partition, 6_000);
      expect(partition.get("bob")?.state).toBe("offline");
    });

    it("has the records written down that it has set right, once", () => {
      const log = createLog();
      log.user(begin, "alice", connected("c1", "g1"), "g1");
      const partition = lost(log);
      const next = createLog();
      next.timeout(begin - ahead);
      next.timeout(begin - ahead + 1_000);
      const changed = next.messages.map((message) =>
        partition.apply({ ...message, seq: message.seq + 100 }).changes.map(({ record }) => record.now),
      );
      expect(changed).toEqual([[begin - ahead], []]);
    });
  });

  it("reports a gateway with a hole that lasts, without another message of it", () => {
    const log = createLog();
    log.user(0, "alice", connected("c1", "g1"), "g1");
    log.user(1, "alice", { type: "activity" }, "g1");
    log.user(2, "bob", connected("c2", "g1"), "g1");
    for (const at of [5_000, 10_001, 10_002, 15_000]) log.timeout(at);
    const partition = open();
    const reports = log.messages
      .filter((_, at) => at !== 1)
      .flatMap((message) => partition.apply(message).outOfStep.map((report) => [message.time, report]));
    expect(reports).toEqual([[10_002, { publisher: "g1", expected: 2 }]]);
  });

  it("writes a small checkpoint after 10,000 lives of gateways and 1,000 of sweepers", () => {
    const partition = open();
    let seq = 0;
    let time = 0;
    const put = (message: object, userId?: string) =>
      partition.apply({ seq: ++seq, time, userId, message } as Inbound);
    let missing = new Set<string>();
    for (let life = 0; life < 10_000; life++) {
      time += 10_000;
      const gatewayId = `gw-${String(life).padStart(12, "0")}`;
      put({ event: connected("c1", gatewayId), publisher: gatewayId, number: 1 }, `user-${life % 50}`);
      if (life % 3 === 0) put({ event: { type: "gateway-lost", gatewayId } });
      const sweeperId = `s_${String(Math.floor(life / 10)).padStart(12, "0")}`;
      const { silent } = put({ event: { type: "timeout", sweeperId, elapsed: (life % 10) * 10_000 } });
      if (silent.length === 0) continue;
      partition.forget(silent.filter((id) => missing.has(id)));
      missing = new Set(silent);
    }
    expect(JSON.stringify(partition.memory()).length).toBeLessThan(128 * 1024);
  });

  const hoursAhead = 8 * 3_600_000;

  it("shows the broker's dates from a jump on, forwards or back", () => {
    for (const jump of [hoursAhead, -hoursAhead]) {
      const log = createLog();
      const start = 1e12;
      log.user(start, "alice", connected("c1", "g1"), "g1");
      log.timeout(start + 1_000, 1_000);
      for (const at of [1_500, 2_000]) log.timeout(start + jump + at, at);
      log.user(start + jump + 3_000, "alice", { type: "activity" }, "g1");
      log.user(start + jump + 3_500, "bob", connected("c2", "g1"), "g1");
      const partition = apply(open(), log.messages);
      expect(partition.get("alice")).toMatchObject({
        lastActiveAt: start + jump + 3_000,
        deadline: start + 62_500,
        shown: { at: start },
      });
      expect(partition.get("bob")).toMatchObject({
        connections: [{ since: start + jump + 3_500 }],
        shown: { at: start + jump + 3_500, lastActiveAt: start + jump + 3_500 },
      });
    }
  });

  it("leaves a deadline alone that was set before a jump, though its user was touched before it was found out", () => {
    const log = createLog();
    log.timeout(1_000);
    log.user(1_000, "alice", connected("c1", "g1"), "g1");
    log.user(1_000, "alice", connected("c2", "g1"), "g1");
    log.timeout(1_500);
    log.user(11_600, "alice", { type: "disconnected", connectionId: "c2", reason: "transport close" }, "g1");
    for (const at of [2_000, 2_500]) log.timeout(at + 10_000, at);
    expect(apply(open(), log.messages).get("alice")).toMatchObject({ now: 2_000, deadline: 61_000 });
  });

  it("forgets a moment in which the broker's clock was wrong", () => {
    const log = createLog();
    log.timeout(1_000);
    log.user(1_000, "alice", connected("c1", "g1"), "g1");
    log.user(601_200, "bob", connected("c2", "g1"), "g1");
    log.timeout(1_500);
    const partition = apply(open(), log.messages);
    expect(partition.get("alice")?.state).toBe("online");
    expect(partition.get("bob")).toMatchObject({ now: 1_500, deadline: 61_500 });
  });

  it("ends an availability at its date by the broker's clock, which may have been set right since", () => {
    const log = createLog();
    const until = (expiresAt: number): UserEvent => ({
      ...{ type: "availability", availability: "dnd", statusText: null, expiresAt, profile },
    });
    log.user(0, "alice", connected("c1", "g1"), "g1");
    log.user(1, "alice", until(hoursAhead + 10_000), "g1");
    for (const at of [500, 1_000]) log.timeout(at);
    for (const at of [1_500, 2_000, 9_500]) log.timeout(hoursAhead + at, at);
    const partition = apply(open(), log.messages);
    expect(partition.get("alice")?.availability).toBe("dnd");
    log.timeout(hoursAhead + 10_000, 10_000);
    partition.apply(log.messages.at(-1) as Inbound);
    expect(partition.get("alice")).toMatchObject({ availability: "available", state: "online" });
  });

  it("looks at a deadline in the same tick, whether it stood from the start or had moved", () => {
    const log = createLog();
    log.user(1, "alice", connected("c1", "g1"), "g1");
    log.user(26_251, "alice", { type: "activity" }, "g1");
    log.timeout(86_251);
    const straight = apply(open(), log.messages);
    const first = apply(open(), log.messages.slice(0, 2));
    const resumed = apply(
      open(structuredClone(first.memory()), structuredClone([...first.records()])),
      log.messages.slice(2),
    );
    expect([...resumed.records()]).toEqual([...straight.records()]);
  });

  it("gives the same records from any checkpoint, whatever was written down later", () => {
    const users = ["alice", "bob", "carol"];
    const step = fc.record({
      wait: fc.nat(30_000),
      user: fc.constantFrom(...users),
      gateway: fc.constantFrom("g1", "g2"),
      connection: fc.constantFrom("c1", "c2", "c3"),
      kind: fc.constantFrom("connected", "closed", "left", "activity", "timeout", "lost"),
    });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 40 }),
        fc.nat(),
        fc.nat(),
        (steps, cut, later) => {
          const log = createLog();
          let time = 0;
          for (const { wait, user, gateway, connection, kind } of steps) {
            time += wait;
            if (kind === "connected") log.user(time, user, connected(connection, gateway), gateway);
            else if (kind === "activity") log.user(time, user, { type: "activity" }, gateway);
            else if (kind === "timeout") log.timeout(time);
            else if (kind === "lost") log.partition(time, { type: "gateway-lost", gatewayId: gateway });
            else {
              const reason = kind === "left" ? "client namespace disconnect" : "transport close";
              log.user(time, user, { type: "disconnected", connectionId: connection, reason }, gateway);
            }
          }
          const straight = apply(open(), log.messages);

          const checkpointAt = cut % log.messages.length;
          const recordsAt = checkpointAt + (later % (log.messages.length - checkpointAt + 1));
          const first = apply(open(), log.messages.slice(0, checkpointAt));
          const memory = structuredClone(first.memory());
          apply(first, log.messages.slice(checkpointAt, recordsAt));
          const resumed = open(memory, structuredClone([...first.records()]));
          apply(resumed, log.messages.slice(checkpointAt));

          expect([...resumed.records()]).toEqual([...straight.records()]);
          expect(resumed.memory()).toEqual(straight.memory());
        },
      ),
      { numRuns: 300 },
    );
  });
});
