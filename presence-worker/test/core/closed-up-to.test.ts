import type { UserEvent } from "@meeshy/shared/events";
import { describe, expect, it } from "vitest";
import type { Inbound } from "../../src/core/inbound.ts";
import { createPartition, type Partition } from "../../src/core/partition.ts";
import { initialMemory } from "../../src/core/partition-memory.ts";
import { toRow } from "../../src/core/projection.ts";
import { emptyRecord, intoEpoch, isRetained } from "../../src/core/record.ts";
import { createTransition } from "../../src/core/transition.ts";
import { encodeRecord, readRecord } from "../../src/io/stored-record.ts";
import { connected, deleted, disconnectAll, disconnected, gatewayLost, profile } from "./support/events.ts";

/** An administrator's order against sockets that their gateway announces again, at the level of a partition. */

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const rules = { offlineThresholdMs: 48 * HOUR, graceMs: 5 * SECOND, multiDevice: "allow" } as const;
const periods = { ...rules, gatewayLeaseMs: 6 * SECOND, renewAfterMs: 12 * HOUR };
const transition = createTransition(rules);

const open = (epoch = 1, seq = 0, records = [emptyRecord("alice")]): Partition =>
  createPartition(transition, periods, { ...initialMemory(epoch), seq }, records);

/** What is written down of alice and read by the next owner. */
function handOver(partition: Partition) {
  const record = partition.get("alice") ?? emptyRecord("alice");
  const encoded = encodeRecord({ ...record, epoch: 1, statusSeq: 0, unsaved: [] }, 100_000);
  return readRecord(encoded?.data ?? new Uint8Array())?.record ?? emptyRecord("alice");
}

function createLog(partition: Partition) {
  let at = partition.seq();
  const apply = (inbound: object) =>
    partition.apply({ seq: ++at, time: at * SECOND, ...inbound } as Inbound).changes.at(-1);
  return {
    apply,
    user: (event: UserEvent) => apply({ userId: "alice", message: { event } }),
    timeout: (time: number) =>
      apply({ time, message: { event: { type: "timeout", sweeperId: "s", elapsed: time } } }),
  };
}

const again = (connectionId: string, gatewayId: string, epoch: number, seq: number) =>
  connected(connectionId, gatewayId, {
    again: true,
    firstLogged: { epoch, seq },
    profile: profile({ lastActiveAt: null }),
  });
const closes = (connectionId: string, gatewayId: string) => [
  { type: "closeConnections", reason: "admin", byGateway: { [gatewayId]: [connectionId] } },
];

describe("a socket that an administrator ordered to be closed, announced again in its gateway's next life", () => {
  it("is closed and does not count, whether the gateway was lost after the order or before it", () => {
    for (const isLostFirst of [false, true]) {
      const partition = open();
      const log = createLog(partition);
      const steps = [
        () => log.user(disconnectAll),
        () => log.apply({ message: { event: gatewayLost("g1") } }),
      ];
      log.user(connected("c1", "g1"));
      for (const step of isLostFirst ? steps.reverse() : steps) step();
      expect(log.user(again("c1", "g1-next", 1, 1))?.effects).toEqual(closes("c1", "g1-next"));
      expect(partition.get("alice")).toMatchObject({ state: "offline", connections: [] });
    }
  });

  it("is closed by the next owner of the partition as well", () => {
    const before = open();
    const log = createLog(before);
    log.user(connected("c1", "g1"));
    log.user(disconnectAll);
    const record = handOver(before);
    expect(isRetained(record)).toBe(true);
    const next = createLog(open(1, before.seq(), [record]));
    expect(next.user(again("c1", "g1-next", 1, 1))?.effects).toEqual(closes("c1", "g1-next"));
  });

  it("is closed while the person is back on another device, which stays", () => {
    const partition = open();
    const log = createLog(partition);
    log.user(connected("c1", "g1"));
    log.user(disconnectAll);
    log.user(connected("c2", "g2"));
    expect(log.user(again("c1", "g1-next", 1, 1))?.effects).toEqual(closes("c1", "g1-next"));
    log.user(again("c2", "g2-next", 1, 3));
    expect(partition.get("alice")).toMatchObject({
      state: "online",
      connections: [{ id: "c2", gatewayId: "g2-next" }],
    });
  });

  it("is closed in the epoch after, where positions of the former one come before", () => {
    const before = open();
    const log = createLog(before);
    log.user(connected("c1", "g1"));
    log.user(disconnectAll);
    log.user(connected("c2", "g1"));
    const partition = open(2, 3, [intoEpoch(handOver(before), { epoch: 2, seq: 3 })]);
    const next = createLog(partition);
    expect(next.user(again("c1", "g1-next", 1, 1))?.effects).toEqual(closes("c1", "g1-next"));
    next.user(again("c2", "g1-next", 1, 3));
    expect(partition.get("alice")?.connections.map(({ id }) => id)).toEqual(["c2"]);
    next.user(disconnectAll);
    expect(next.user(again("c2", "g1-third", 1, 3))?.effects).toEqual(closes("c2", "g1-third"));
    next.user(connected("c3", "g1-third"));
    expect(next.user(again("c3", "g1-fourth", 2, 2))?.record.state).toBe("online");
  });
});

describe("an administrator's order", () => {
  it("of a greater epoch than the one that is entered, as after a restored dump, rejects no socket", () => {
    const of = (epoch: number) => ({
      ...emptyRecord("alice"),
      closedUpTo: { epoch, seq: 9, until: 24 * HOUR },
    });
    const log = createLog(open(4, 0, [intoEpoch(of(5), { epoch: 4, seq: 0 })]));
    log.user(connected("c1", "g1"));
    log.apply({ message: { event: gatewayLost("g1") } });
    expect(log.user(again("c1", "g1-next", 4, 1))?.record.state).toBe("online");
    expect(intoEpoch(of(3), { epoch: 4, seq: 0 }).closedUpTo).toEqual(of(3).closedUpTo);
  });

  it("does not apply to a socket that came after it, or whose first position is unknown", () => {
    const partition = open();
    const log = createLog(partition);
    log.user(disconnectAll);
    log.user(connected("c1", "g1"));
    log.apply({ message: { event: gatewayLost("g1") } });
    expect(log.user(again("c1", "g1-next", 1, 2))?.record.state).toBe("online");
    log.user(disconnectAll);
    expect(log.user(connected("c2", "g1-next", { again: true }))?.record.state).toBe("online");
  });

  it("is forgotten after 24 hours, together with the record of a user who stayed away", () => {
    const partition = open();
    const log = createLog(partition);
    log.user(connected("c1", "g1"));
    log.user(disconnectAll);
    for (let hour = 1; hour <= 24; hour++) {
      log.timeout(hour * HOUR);
      expect(partition.get("alice")?.closedUpTo).toBeDefined();
    }
    const forgotten = log.timeout(24 * HOUR + 3 * SECOND)?.record;
    expect(forgotten?.closedUpTo).toBeUndefined();
    expect(forgotten && isRetained(forgotten)).toBe(false);
  });

  it("outlasts what else happens", () => {
    const partition = open();
    const log = createLog(partition);
    log.user(connected("c1", "g1"));
    log.user(disconnectAll);
    log.user(connected("c2", "g1"));
    log.user({ type: "activity" });
    log.user(disconnected("c2", "client namespace disconnect"));
    expect(partition.get("alice")?.closedUpTo).toMatchObject({ epoch: 1, seq: 2 });
  });
});

describe("the deletion of an account", () => {
  it("closes a socket that is announced again by the next life of a gateway that was out of reach", () => {
    const partition = open();
    const log = createLog(partition);
    log.user(connected("c1", "g1"));
    log.apply({ message: { event: gatewayLost("g1") } });
    log.user(deleted);
    const next = createLog(open(1, partition.seq(), [handOver(partition)]));
    expect(next.user(again("c1", "g1-next", 1, 1))?.effects).toEqual(closes("c1", "g1-next"));
    expect(log.user(again("c1", "g1-next", 1, 1))?.effects).toEqual(closes("c1", "g1-next"));
    expect(partition.get("alice")).toMatchObject({ state: "offline", connections: [] });
  });

  it("leaves an id and positions for 24 hours, and nothing of the person", () => {
    const partition = open();
    const log = createLog(partition);
    const texted = profile({ availability: "busy", statusText: "in Rome", lastActiveAt: SECOND });
    log.user(connected("c1", "g1", { profile: texted }));
    log.user(disconnected("c1", "client namespace disconnect"));
    log.user(deleted);
    const empty = emptyRecord("alice");
    expect(partition.get("alice")).toEqual({
      ...empty,
      ...{ seq: 3, now: 3 * SECOND, directoryVersion: 3, stored: "unknown" },
      person: { username: null, displayName: null, isAnonymous: false, conversationIds: [] },
      shown: {
        ...{ isOnline: false, availability: "available", statusText: null },
        ...{ lastActiveAt: null, lastSeen: null, cause: "manual", epoch: 1, version: 3, at: 3 * SECOND },
      },
      closedUpTo: { epoch: 1, seq: 3, until: 3 * SECOND + 24 * HOUR },
    });
    log.timeout(25 * HOUR);
    const forgotten = log.timeout(49 * HOUR)?.record ?? partition.get("alice");
    expect(forgotten && isRetained(forgotten)).toBe(false);
  });

  it("and an administrator's order leave records for a day, however many there are, and none after it", () => {
    const partition = open(1, 0, []);
    const log = createLog(partition);
    const userIds = Array.from({ length: 500 }, (_, at) => `u${at}`);
    for (const [at, userId] of userIds.entries())
      log.apply({ time: SECOND, userId, message: { event: at % 2 === 0 ? deleted : disconnectAll } });
    const retained = () => partition.records().filter(isRetained).length;
    log.timeout(20 * HOUR);
    expect(retained()).toBe(userIds.length);
    log.timeout(25 * HOUR);
    log.timeout(49 * HOUR);
    expect(retained()).toBe(0);
  });

  it("leaves no default in place of what someone new under the id has chosen", () => {
    const partition = open();
    const log = createLog(partition);
    log.user(connected("c1", "g1"));
    log.user(deleted);
    const invisible = profile({ availability: "invisible", statusText: "back" });
    const arrival = log.user(connected("c2", "g1", { profile: invisible, directoryVersion: 2 }));
    expect(arrival?.record).toMatchObject({ state: "online", availability: "invisible", stored: "known" });
    expect(arrival?.record.shown).toMatchObject({ isOnline: false, version: 2 });
    const row = arrival && toRow(arrival.record);
    expect(row).toMatchObject({ isOnline: false, availability: "invisible", statusText: "back" });
  });

  it("removes the dates of a person who was shown offline without a text", () => {
    const partition = open();
    const log = createLog(partition);
    log.user(connected("c1", "g1"));
    log.user(disconnected("c1", "client namespace disconnect"));
    const deletion = log.user(deleted);
    expect(deletion?.record.shown).toMatchObject({ lastActiveAt: null, lastSeen: null, version: 3 });
    expect(deletion?.effects).toEqual([{ type: "status" }, { type: "erase" }]);
  });
});
