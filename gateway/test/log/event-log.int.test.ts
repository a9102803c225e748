import type { Epoch } from "@meeshy/shared/events";
import { fromBytes, toBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, ensureStreams, keySubject } from "@meeshy/shared/nats/streams";
import { BUCKET_LEASES, gatewaySubject, leaseKeys, STREAM_EVENTS } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { VERSIONS } from "@meeshy/shared/versions";
import { Registry } from "prom-client";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readAll } from "../../../shared/test/nats/kit.ts";
import { createUnnumberedPublisher } from "../../src/log/unnumbered-publisher.ts";
import { createGatewayMetrics } from "../../src/metrics.ts";
import {
  type Client,
  type LogLine,
  openClient,
  type Servers,
  signIn,
  startServers,
  tokenFor,
} from "../harness.ts";

let servers: Servers;
beforeEach(async () => {
  servers = await startServers();
});
afterEach(() => servers?.stop());

const LEASE = { GATEWAY_LEASE_MS: "600" };
const heartbeatOf = (gatewayId: string) =>
  servers.link.lastValue(
    bucketStream(BUCKET_LEASES),
    keySubject(BUCKET_LEASES, leaseKeys.gateway(gatewayId)),
  );
const connectionIdOf = async (client: Client) =>
  (await client.nth<{ connectionId: string }>("authenticated")).connectionId;
const linesOf = (log: LogLine[], connectionId: string) =>
  log.filter(({ event }) => "connectionId" in event && event.connectionId === connectionId);
const gatewayIdOf = (line: LogLine | undefined) =>
  line?.event.type === "connected" ? line.event.gatewayId : undefined;

/** The log as a partition takes it: of each publisher only the next number. */
function accepted(log: LogLine[]): LogLine[] {
  const last = new Map<string, number>();
  return log.filter(({ publisher, subject, number = 0 }) => {
    const key = `${publisher} ${subject.split(".")[2]}`;
    if (number !== (last.get(key) ?? 0) + 1) return false;
    last.set(key, number);
    return true;
  });
}

const beginEpoch = (epoch: Epoch) =>
  servers.link.acks.publish(keySubject(BUCKET_LEASES, leaseKeys.epoch), toBytes(epoch));

describe("a gateway that was declared lost", () => {
  it.each<[string, (gatewayId: string) => Promise<void>]>([
    [
      "by a value under its key",
      async (gatewayId) => {
        const lost = { beat: 1, connections: 0, users: 0, lost: true };
        await servers.link.acks.publish(
          keySubject(BUCKET_LEASES, leaseKeys.gateway(gatewayId)),
          toBytes(lost),
        );
      },
    ],
    [
      "and notices it by its missing key alone",
      async (gatewayId) => {
        const subject = keySubject(BUCKET_LEASES, leaseKeys.gateway(gatewayId));
        await servers.link.acks.publish(subject, new Uint8Array(), { deletes: true });
      },
    ],
    [
      "since a partition accepts nothing more of it",
      async (gatewayId) => {
        const command = { type: "out-of-step", publisher: gatewayId, partition: 3, expected: 2 };
        servers.link.nc.publish(gatewaySubject(gatewayId), toBytes(command));
        servers.link.nc.publish(gatewaySubject(gatewayId), toBytes(command));
      },
    ],
    [
      "since a new epoch began",
      async () => {
        await beginEpoch({ epoch: 2, from: 1 });
      },
    ],
    [
      "since an epoch of the same number begins later in the log",
      async () => {
        await beginEpoch({ epoch: 1, from: 50 });
      },
    ],
  ])("%s, announces its connections under a new id, with what is stored now", async (_, declare) => {
    // Before the gateway: of two values written one after the other it may see the last alone.
    await beginEpoch({ epoch: 1, from: 0 });
    const gateway = await servers.gateway(LEASE);
    const alice = await signIn(gateway.url, "alice");
    const id = await connectionIdOf(alice);
    const [first] = linesOf(await servers.readLog(), id);
    const former = gatewayIdOf(first) ?? "";
    const chosen = { availability: "dnd", statusText: "in a call" } as const;
    await servers.db.user.update({ where: { id: "alice" }, data: chosen });
    await declare(former);
    const [, again] = await eventually(async () => {
      const lines = linesOf(await servers.readLog(), id);
      return lines.length === 2 && lines;
    });
    expect(again).toMatchObject({ number: 1, event: { type: "connected", connectionId: id, again: true } });
    expect(gatewayIdOf(again)).toBe(again?.publisher);
    expect(again?.publisher).not.toBe(former);
    expect(again?.event.type === "connected" && again.event.idleMs).toBeGreaterThan(0);
    expect(again?.event).toMatchObject({ profile: chosen });
    expect((await heartbeatOf(again?.publisher ?? ""))?.deleted).toBe(false);
    expect(alice.all("disconnect")).toEqual([]);
    alice.close();
    await eventually(async () => linesOf(await servers.readLog(), id).length === 3);
    expect(linesOf(await servers.readLog(), id)[2]).toMatchObject({
      publisher: again?.publisher,
      number: 2,
      event: { type: "disconnected" },
    });
  });
});

it("a connection that is announced again says where the log had it first, unless that log may have been lost", async () => {
  await beginEpoch({ epoch: 1, from: 1 });
  const gateway = await servers.gateway({ GATEWAY_LEASE_MS: "6000" });
  const alice = await signIn(gateway.url, "alice");
  const id = await connectionIdOf(alice);
  /** Resolves when the gateway has its acknowledgement, which came over its link before the answer to a ping. */
  const announcement = async (count: number) => {
    const line = await eventually(async () => linesOf(await servers.readLog(), id)[count - 1]);
    await gateway.link.nc.flush();
    return line;
  };
  const declareLost = (gatewayId = "") =>
    servers.link.nc.publish(
      gatewaySubject(gatewayId),
      toBytes({ type: "out-of-step", publisher: gatewayId, partition: 3, expected: 2 }),
    );

  const first = await announcement(1);
  expect(first.event).not.toHaveProperty("firstLogged");
  declareLost(first.publisher);
  const second = await announcement(2);
  declareLost(second.publisher);
  const third = await announcement(3);
  for (const { event } of [second, third])
    expect(event).toMatchObject({ firstLogged: { epoch: 1, seq: first.seq } });

  // The position was acknowledged a moment ago: it may be one of the new log.
  await beginEpoch({ epoch: 2, from: 1 });
  const fourth = await announcement(4);
  expect(fourth.event).not.toHaveProperty("firstLogged");
  declareLost(fourth.publisher);
  expect((await announcement(5)).event).toMatchObject({ firstLogged: { epoch: 2, seq: fourth.seq } });
  alice.close();
});

it("says the version of everything that it writes", async () => {
  const gateway = await servers.gateway(LEASE);
  const alice = await signIn(gateway.url, "alice");
  await connectionIdOf(alice);
  const metrics = createGatewayMetrics(new Registry());
  await createUnnumberedPublisher({ bus: servers.link, metrics })("alice", { type: "deleted" });
  const log = await readAll(servers.link, STREAM_EVENTS, ">");
  expect(log.length).toBeGreaterThanOrEqual(2);
  for (const { data } of log) expect(fromBytes(data)).toMatchObject({ v: VERSIONS.logMessage });
  const beats = await readAll(
    servers.link,
    bucketStream(BUCKET_LEASES),
    keySubject(BUCKET_LEASES, leaseKeys.gateway("*")),
  );
  expect(beats.length).toBeGreaterThan(0);
  for (const { data } of beats) expect(fromBytes(data)).toMatchObject({ v: VERSIONS.heartbeat });
});

it("a goodbye of a moment ago is said again in a new life, after the connections that are open", async () => {
  const gateway = await servers.gateway();
  const [alice, bob] = [await signIn(gateway.url, "alice"), await signIn(gateway.url, "bob")];
  const id = await connectionIdOf(alice);
  alice.close();
  await eventually(async () => linesOf(await servers.readLog(), id).length === 2);
  await servers.link.acks.publish(keySubject(BUCKET_LEASES, leaseKeys.epoch), toBytes({ epoch: 2, from: 1 }));
  const again = await eventually(async () => linesOf(await servers.readLog(), id)[2]);
  expect(again).toMatchObject({ event: { type: "disconnected", reason: "client namespace disconnect" } });
  const announced = linesOf(await servers.readLog(), await connectionIdOf(bob))[1];
  expect(announced?.publisher).toBe(again.publisher);
  expect(announced?.seq).toBeLessThan(again.seq);
  bob.close();
});

describe("with NATS away", () => {
  it("sockets stay, viewers are informed, and nothing that happened is lost or out of order", async () => {
    const gateway = await servers.gateway();
    const [alice, bob] = (await Promise.all(["alice", "bob"].map((id) => signIn(gateway.url, id)))) as [
      Client,
      Client,
    ];
    await servers.publishStatus("bob", { conversationIds: ["general"], version: 10 });
    await alice.nth("user:status");
    await servers.nats.kill();
    expect(await alice.nth("presence:stale")).toEqual({
      since: expect.any(String),
      reason: "feed",
    });
    const carol = openClient(gateway.url, { token: tokenFor("carol") });
    await carol.nth("presence:stale");
    await alice.ask("activity");
    const bobsId = await connectionIdOf(bob);
    bob.close();
    const dave = openClient(gateway.url, { token: tokenFor("dave") });
    await dave.nth("presence:stale");
    dave.close();
    expect(carol.all("authenticated")).toEqual([]);
    await servers.nats.restart();
    await carol.nth("presence:snapshot");
    await alice.nth("presence:fresh");
    expect(await alice.nth("presence:snapshot", 2)).toMatchObject({
      users: [{ userId: "bob", version: 10 }],
    });
    expect([...alice.all("disconnect"), ...carol.all("disconnect")]).toEqual([]);
    expect(carol.received[0]?.event).toBe("presence:stale");
    expect(carol.events().slice(0, 2)).toEqual(["authenticated", "presence:snapshot"]);
    expect(carol.all("authenticated")).toHaveLength(1);
    await eventually(async () => linesOf(await servers.readLog(), bobsId).length >= 2);
    const log = accepted(await servers.readLog());
    const ofUser = (userId: string) =>
      log.filter(({ subject }) => subject.endsWith(`.${userId}`)).map(({ event }) => event.type);
    expect(ofUser("alice")).toEqual(["connected", "activity"]);
    expect(ofUser("bob")).toEqual(["connected", "disconnected"]);
    expect(ofUser("carol")).toEqual(["connected"]);
    // Who came and went again is written only if the first had a number before the outage was noticed.
    expect([[], ["connected", "disconnected"]]).toContainEqual(ofUser("dave"));
  });

  it("a gateway stops all the same, before NATS is back", async () => {
    const gateway = await servers.gateway();
    const alice = await signIn(gateway.url, "alice");
    await servers.nats.kill();
    await gateway.stop();
    expect(await alice.nth("disconnect")).toBe("transport close");
    await servers.nats.restart();
  });
});

describe("what cannot be written now", () => {
  it("is not reported as done: no one is authenticated before the log has them", async () => {
    const gateway = await servers.gateway();
    await servers.link.jsm.streams.delete(STREAM_EVENTS);
    const alice = openClient(gateway.url, { token: tokenFor("alice") });
    await eventually(() => alice.socket.connected);
    expect(await alice.ask("activity")).toEqual({ success: true });
    expect(alice.events()).toEqual([]);
    await ensureStreams(servers.link, 1);
    await alice.nth("authenticated");
    const types = async () => accepted(await servers.readLog()).map(({ event }) => event.type);
    await eventually(async () => (await types()).length === 2);
    expect(await types()).toEqual(["connected", "activity"]);
    alice.close();
  });

  it("waits for the first heartbeat, so that the end of its writer would be noticed", async () => {
    await servers.link.jsm.streams.delete(bucketStream(BUCKET_LEASES));
    const gateway = await servers.gateway({}, { waits: false });
    expect(gateway.unready()).toContain("the heartbeat is not stored");
    const alice = openClient(gateway.url, { token: tokenFor("alice") });
    await eventually(() => alice.socket.connected);
    expect(await alice.ask("activity")).toEqual({ success: true });
    expect(await servers.readLog()).toEqual([]);
    await ensureStreams(servers.link, 1);
    await alice.nth("authenticated");
    alice.close();
  });

  it("collapses while it waits: to the last state of a connection, and one activity of a person", async () => {
    await servers.link.jsm.streams.delete(bucketStream(BUCKET_LEASES));
    const gateway = await servers.gateway({ ACTIVITY_THROTTLE_MS: "0" }, { waits: false });
    const open = async (userId: string) => {
      const client = openClient(gateway.url, { token: tokenFor(userId) });
      await eventually(() => client.socket.connected);
      return client;
    };
    for (let n = 0; n < 5; n++) {
      const gone = await open("bob");
      await gone.ask("activity");
      gone.close();
      await eventually(async () => (await gateway.metric("meeshy_connections")) === 0);
    }
    const alice = await open("alice");
    for (let n = 0; n < 5; n++) await alice.ask("activity");
    await ensureStreams(servers.link, 1);
    await alice.nth("authenticated");
    const log = await eventually(async () => {
      const lines = await servers.readLog();
      return lines.length === 3 && lines;
    });
    expect(log.map(({ subject, event }) => [subject.split(".").at(-1), event.type])).toEqual([
      ["bob", "activity"],
      ["alice", "connected"],
      ["alice", "activity"],
    ]);
    expect(log.every(({ number }) => number === 1 || number === 2)).toBe(true);
    alice.close();
  });

  it("says what is stored by then when a new epoch begins", async () => {
    const gateway = await servers.gateway();
    const carol = await signIn(gateway.url, "carol");
    const id = await connectionIdOf(carol);
    await servers.db.user.update({ where: { id: "carol" }, data: { availability: "invisible" } });
    await servers.link.acks.publish(
      keySubject(BUCKET_LEASES, leaseKeys.epoch),
      toBytes({ epoch: 3, from: 1 }),
    );
    const [, again] = await eventually(async () => {
      const lines = linesOf(await servers.readLog(), id);
      return lines.length === 2 && lines;
    });
    expect(again).toMatchObject({ event: { profile: { availability: "invisible" } } });
    carol.close();
  });

  it("is written under the new id when the gateway is declared lost meanwhile", async () => {
    const heartbeats = new Set<string>();
    servers.link.nc.subscribe(keySubject(BUCKET_LEASES, leaseKeys.gateway("*")), {
      callback: (_error, { subject }) => void heartbeats.add(subject),
    });
    const gateway = await servers.gateway();
    await servers.link.jsm.streams.delete(STREAM_EVENTS);
    const alice = openClient(gateway.url, { token: tokenFor("alice") });
    await eventually(() => alice.socket.connected);
    await servers.link.acks.publish(
      keySubject(BUCKET_LEASES, leaseKeys.epoch),
      toBytes({ epoch: 2, from: 1 }),
    );
    await eventually(() => heartbeats.size === 2, { what: "a heartbeat under the new id" });
    await ensureStreams(servers.link, 1);
    const id = await connectionIdOf(alice);
    expect(linesOf(await servers.readLog(), id)).toMatchObject([{ number: 1, event: { type: "connected" } }]);
    alice.close();
  });

  it("is left to be found lost when the gateway stops", async () => {
    const gateway = await servers.gateway();
    const alice = await signIn(gateway.url, "alice");
    const former = gatewayIdOf((await servers.readLog())[0]) ?? "";
    await servers.link.jsm.streams.delete(STREAM_EVENTS);
    await gateway.stop();
    expect(await alice.nth("disconnect")).toBe("transport close");
    expect((await heartbeatOf(former))?.deleted).toBe(false);
  });
});

describe("a gateway that stops", () => {
  it("sends everyone elsewhere, informs the log, and takes its heartbeat with it", async () => {
    const gateway = await servers.gateway({ DISCONNECT_GRACE_MS: "1000" });
    const clients = await Promise.all(["alice", "bob"].map((id) => signIn(gateway.url, id)));
    const [first] = await servers.readLog();
    await gateway.stop();
    for (const client of clients) {
      const { reconnectAfterMs } = await client.nth<{ reconnectAfterMs: number }>("server:draining");
      expect(reconnectAfterMs).toBeGreaterThanOrEqual(0);
      expect(reconnectAfterMs).toBeLessThan(1_000);
      expect(await client.nth("disconnect")).toBe("transport close");
    }
    const gone = (await servers.readLog()).filter(({ event }) => event.type === "disconnected");
    expect(gone).toMatchObject([
      { event: { reason: "server shutting down" } },
      { event: { reason: "server shutting down" } },
    ]);
    expect((await heartbeatOf(gatewayIdOf(first) ?? ""))?.deleted).toBe(true);
  });

  it("lets its clients come back to another by themselves", async () => {
    const gateway = await servers.gateway();
    const { port } = new URL(gateway.url);
    const alice = await signIn(gateway.url, "alice", { reconnection: true, reconnectionDelay: 50 });
    await gateway.stop();
    await alice.nth("disconnect");
    await servers.gateway({ PORT: port });
    await alice.nth("authenticated", 2);
    alice.close();
  });
});

describe("a command", () => {
  const logReasons = async (id: string) =>
    linesOf(await servers.readLog(), id).flatMap(({ event }) =>
      event.type === "disconnected" ? [event.reason] : [],
    );

  it.each([
    ["admin", 0],
    ["replaced", 1],
  ] as const)(
    "to close a connection (%s) ends it, so that stock clients stay away",
    async (reason, notices) => {
      const gateway = await servers.gateway();
      const [closed, kept] = (await Promise.all(
        ["alice", "alice"].map((id) => signIn(gateway.url, id, { reconnection: true })),
      )) as [Client, Client];
      const id = await connectionIdOf(closed);
      const gatewayId = gatewayIdOf((await servers.readLog())[0]) ?? "";
      servers.link.nc.publish(gatewaySubject(gatewayId), toBytes({ type: "nonsense" }));
      servers.link.nc.publish(
        gatewaySubject(gatewayId),
        toBytes({ type: "close", userId: "alice", connectionIds: ["another", id], reason }),
      );
      expect(await closed.nth("disconnect")).toBe("io server disconnect");
      expect(closed.all("session:replaced")).toHaveLength(notices);
      await eventually(async () => (await logReasons(id)).length === 1);
      expect(await logReasons(id)).toEqual([reason]);
      expect(kept.socket.connected).toBe(true);
      kept.close();
    },
  );
});
