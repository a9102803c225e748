import { toBytes } from "@meeshy/shared/nats/last-value";
import { eventSubject, partitionOf } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startPostgres, type TestPostgres } from "@meeshy/shared/testing/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allOwned, profileOf, type Rig, type RunningWorker, startRig } from "./rig.ts";

let postgres: TestPostgres;
let rig: Rig;
let running: RunningWorker;
beforeAll(async () => {
  postgres = await startPostgres();
  rig = await startRig({ graceMs: 1_000, offlineThresholdMs: 60_000 }, { postgres });
  running = await rig.startWorker();
  await allOwned(running);
});
afterAll(() => rig.stop());

const metric = async (line: string) =>
  (await running.registry.metrics()).split("\n").find((text) => text.startsWith(line));

describe("a worker", () => {
  it("shows a person who connects online, with the log sequence as version, and the database follows", async () => {
    await rig.addUser("alice");
    const seq = await rig.gateway().connect("alice", "c1");
    const status = await eventually(() => rig.status("alice"));
    expect(status).toMatchObject({
      isOnline: true,
      cause: "connect",
      epoch: 1,
      version: seq,
      conversationIds: ["general"],
    });
    await eventually(async () => (await rig.db.user.findUniqueOrThrow({ where: { id: "alice" } })).isOnline);
    const row = await rig.db.user.findUniqueOrThrow({ where: { id: "alice" } });
    expect(Number(row.presenceVersion)).toBe(seq);
    expect(row.lastActiveAt?.toISOString()).toBe(status.at);
  });

  it("shows a person who leaves offline at once, writes history, and forgets the record", async () => {
    await rig.addUser("bob");
    const gateway = rig.gateway();
    const came = await gateway.connect("bob", "c1");
    const left = await gateway.disconnect("bob", "c1");
    await eventually(async () => (await rig.status("bob"))?.isOnline === false);
    expect(await rig.status("bob")).toMatchObject({ cause: "disconnect", version: left });
    const history = await eventually(async () => {
      const rows = await rig.db.presenceTransition.findMany({
        where: { userId: "bob" },
        orderBy: { version: "asc" },
      });
      return rows.length === 2 && rows;
    });
    expect(history.map(({ from, to, cause, version }) => [from, to, cause, Number(version)])).toEqual([
      ["offline", "online", "connect", came],
      ["online", "offline", "disconnect", left],
    ]);
    await eventually(async () => (await rig.record("bob")) === undefined);
    expect((await rig.db.user.findUniqueOrThrow({ where: { id: "bob" } })).isOnline).toBe(false);
  });

  it("keeps a person whose tab was closed online through the grace, and no longer", async () => {
    await rig.addUser("carol");
    const gateway = rig.gateway();
    const came = await gateway.connect("carol", "c1");
    await gateway.disconnect("carol", "c1", "transport close");
    await eventually(async () => (await rig.record("carol"))?.state === "zombie" || undefined);
    expect(await rig.status("carol")).toMatchObject({ isOnline: true, version: came });
    await eventually(
      async () => {
        await rig.tick({ partition: partitionOf("carol") });
        return (await rig.status("carol"))?.isOnline === false;
      },
      { every: 200 },
    );
    expect(await rig.status("carol")).toMatchObject({ cause: "connection-lost" });
  });

  it("shows nothing of a refresh: back within the grace, same version", async () => {
    const gateway = rig.gateway();
    const came = await gateway.connect("erin", "c1");
    await gateway.disconnect("erin", "c1", "transport close");
    const back = await gateway.connect("erin", "c2");
    await eventually(async () => (await rig.record("erin"))?.seq === back);
    expect(await rig.status("erin")).toMatchObject({ isOnline: true, version: came });
  });

  it("takes the users of a lost gateway, ignores what that gateway writes late, and keeps those with another", async () => {
    const [lost, other] = [rig.gateway(), rig.gateway()];
    await lost.connect("frank", "c1");
    await lost.connect("grace", "c2");
    const stays = await other.connect("grace", "c3");
    await eventually(async () => (await rig.record("grace"))?.seq === stays);
    const event = { type: "gateway-lost", gatewayId: lost.id };
    for (const userId of ["frank", "grace"]) {
      await rig.link.acks.publish(`presence.in.${partitionOf(userId)}.sweep`, toBytes({ event }));
    }
    await lost.connect("frank", "late");
    await eventually(
      async () => {
        await rig.tick({ partition: partitionOf("frank") });
        return (await rig.status("frank"))?.isOnline === false;
      },
      { every: 200 },
    );
    expect(await rig.status("frank")).toMatchObject({ cause: "gateway-lost" });
    expect(await rig.status("grace")).toMatchObject({ isOnline: true });
    expect((await rig.record("grace"))?.connections).toMatchObject([{ id: "c3" }]);
  });

  it("accepts only the next number of a publisher, so a repeated connect reopens nothing", async () => {
    const subject = eventSubject("gw", "heidi");
    const connected = (connectionId: string) => ({
      type: "connected",
      connectionId,
      gatewayId: "g_raw",
      device: null,
      idleMs: 0,
      profile: profileOf("heidi"),
    });
    const write = (number: number, event: object) =>
      rig.link.acks.publish(subject, toBytes({ publisher: "g_raw", number, event }));
    await write(1, connected("c1"));
    await write(2, { type: "disconnected", connectionId: "c1", reason: "client namespace disconnect" });
    await write(1, connected("c1"));
    await write(4, connected("c9"));
    const last = await write(3, connected("c3"));
    await eventually(async () => (await rig.record("heidi"))?.seq === last.seq);
    expect((await rig.record("heidi"))?.connections).toMatchObject([{ id: "c3" }]);
  });

  it("sets poison aside and goes on with the next message", async () => {
    const subject = eventSubject("gw", "ivan");
    await rig.link.acks.publish(subject, new TextEncoder().encode("not json"));
    await rig.link.acks.publish(subject, toBytes({ event: { type: "explode" } }));
    await rig.link.acks.publish(`presence.in.${partitionOf("ivan")}.gw.${"x".repeat(300)}`, toBytes({}));
    await rig.gateway().connect("ivan", "c1");
    await eventually(async () => (await rig.status("ivan"))?.isOnline);
    expect(await metric('meeshy_log_messages_refused_total{reason="unreadable"')).toMatch(/ 3$/);
  });

  it("publishes the status of an event whose trace context is none", async () => {
    const { id, publisher } = rig.gateway();
    const target = { subject: eventSubject("gw", "judy"), partition: partitionOf("judy") };
    const connection = { connectionId: "c1", gatewayId: id, device: null, idleMs: 0 };
    const event = { type: "connected", ...connection, profile: profileOf("judy") };
    await publisher.publish(target, { event, traceparent: "00-a-b-01\r\nNats-Expected-Stream: other" });
    await eventually(async () => (await rig.status("judy"))?.isOnline);
  });

  it("shows all other users of a partition in which a gateway has written something unreadable", async () => {
    const { id, publisher, connect } = rig.gateway();
    const neighbours = Array.from({ length: 500 }, (_, n) => `neighbour-${n}`).filter(
      (user) => partitionOf(user) === partitionOf("oscar"),
    );
    await connect("oscar", "c1");
    const target = { subject: eventSubject("gw", "oscar"), partition: partitionOf("oscar") };
    const conversationIds = ["x".repeat(201)];
    const profile = profileOf("oscar", { conversationIds });
    const event = { type: "connected", connectionId: "c2", gatewayId: id, device: null, idleMs: 0, profile };
    await publisher.publish(target, { event });
    await Promise.all(neighbours.map((user) => connect(user, `of ${user}`)));
    await eventually(async () =>
      (await Promise.all(neighbours.map((user) => rig.status(user)))).every((status) => status?.isOnline),
    );
    expect(neighbours.length).toBeGreaterThan(2);
  });

  it("orders a gateway to close every socket of a person whom an administrator disconnects", async () => {
    const gateway = rig.gateway();
    const commands: unknown[] = [];
    rig.link.nc.subscribe(`presence.gw.${gateway.id}`, {
      callback: (_error, message) => {
        commands.push(message.json());
        message.respond();
      },
    });
    await gateway.connect("judy", "c1");
    await gateway.connect("judy", "c2");
    await rig.link.acks.publish(
      eventSubject("admin", "judy"),
      toBytes({ event: { type: "disconnect-all" } }),
    );
    await eventually(async () => (await rig.status("judy"))?.isOnline === false);
    expect(await rig.status("judy")).toMatchObject({ cause: "admin" });
    await eventually(() => commands.length > 0);
    expect(commands).toEqual([
      { v: 1, type: "close", userId: "judy", connectionIds: ["c1", "c2"], reason: "admin" },
    ]);
  });

  it("takes a ghost of the database offline when the safety net shows it", async () => {
    await rig.db.$executeRaw`INSERT INTO "User" ("id", "username", "isOnline", "lastActiveAt")
      VALUES ('ghost', 'ghost', true, now() - interval '1 hour')`;
    await rig.link.acks.publish(
      eventSubject("sweep", "ghost"),
      toBytes({ event: { type: "look", profile: profileOf("ghost") } }),
    );
    await eventually(async () => !(await rig.db.user.findUniqueOrThrow({ where: { id: "ghost" } })).isOnline);
    expect(await rig.status("ghost")).toMatchObject({ isOnline: false, cause: "idle" });
  });

  it("moves lastActiveAt for a person without a socket, and nothing else", async () => {
    await rig.db
      .$executeRaw`INSERT INTO "User" ("id", "username", "presenceEpoch", "presenceVersion", "availability", "lastActiveAt")
      VALUES ('ken', 'ken', 1, 7, 'busy', now() - interval '1 hour')`;
    const before = await rig.db.user.findUniqueOrThrow({ where: { id: "ken" } });
    await rig.gateway().send("ken", { type: "activity" });
    const row = await eventually(async () => {
      const found = await rig.db.user.findUniqueOrThrow({ where: { id: "ken" } });
      const [then, now] = [before, found].map(({ lastActiveAt }) => lastActiveAt?.getTime() ?? 0);
      return (now ?? 0) > (then ?? 0) + 3_000_000 && found;
    });
    expect(row).toMatchObject({ isOnline: false, availability: "busy", presenceVersion: 7n });
    await eventually(async () => (await rig.record("ken")) === undefined);
  });
});

describe("the database away", () => {
  it("delays no status, and catches up when it is back", async () => {
    await rig.addUser("lena");
    await postgres.kill();
    const gateway = rig.gateway();
    await gateway.connect("lena", "c1");
    await eventually(async () => (await rig.status("lena"))?.isOnline);
    await gateway.disconnect("lena", "c1");
    await eventually(async () => (await rig.status("lena"))?.isOnline === false);
    await eventually(() => rig.record("lena"), { what: "the record kept until the database has it" });
    await postgres.restart();
    const rows = await eventually(async () => {
      const found = await rig.db.presenceTransition.findMany({ where: { userId: "lena" } });
      return found.length === 2 && found;
    });
    expect(rows).toHaveLength(2);
    await eventually(async () => (await rig.record("lena")) === undefined);
  });
});
