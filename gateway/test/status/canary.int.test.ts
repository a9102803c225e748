import { createPresenceClient } from "@meeshy/shared/client";
import { canaryId, isCanaryId } from "@meeshy/shared/ids";
import { type NatsLink, openNats } from "@meeshy/shared/nats/connect";
import { fromBytes, toBytes } from "@meeshy/shared/nats/last-value";
import { readLastValue } from "@meeshy/shared/nats/read-last-value";
import { keySubject } from "@meeshy/shared/nats/streams";
import { freePort } from "@meeshy/shared/servers/free-port";
import type { StatusMessage } from "@meeshy/shared/status";
import { BUCKET_LEASES, leaseKeys, STREAM_STATUS, statusSetSubject } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { removeStandIns } from "@meeshy/shared/testing/stand-in-workers";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { startWorkerProcess, type WorkerProcess } from "../../../presence-worker/test/worker-process.ts";
import {
  call,
  type LogLine,
  openClient,
  type RunningGateway,
  type Servers,
  settle,
  signIn,
  startServers,
  tokenFor,
} from "../harness.ts";

/** The canaries of a gateway, with a real worker in a process of its own (ADR 0027). */
let servers: Servers;
let worker: WorkerProcess;
let workerUrl: string;
let gateway: RunningGateway;
/** everything that each role heard on the subjects of statuses */
const heard: StatusMessage[] = [];
const heardByService: StatusMessage[] = [];
let external: NatsLink;
let service: NatsLink;

const WORKER_LEASE_MS = 800;
const as = (role: "external" | "service") => openNats(servers.nats.as(role), role);

async function startWorker(): Promise<void> {
  const { url, user = "", password = "" } = servers.nats.as("worker");
  const port = await freePort();
  workerUrl = `http://127.0.0.1:${port}`;
  worker = startWorkerProcess({
    ...{ NATS_URL: url, NATS_USER: user, NATS_PASSWORD: password, DATABASE_URL: servers.database.url },
    ...{ OPS_PORT: String(port), LOG_LEVEL: "info", WORKER_LEASE_MS: String(WORKER_LEASE_MS) },
  });
}

async function startAll(intervalS = 1): Promise<void> {
  servers = await startServers();
  await removeStandIns(servers.link);
  await startWorker();
  gateway = await servers.gateway({
    CANARY_INTERVAL_S: String(intervalS),
    WORKER_LEASE_MS: String(WORKER_LEASE_MS),
  });
}
async function stopAll(): Promise<void> {
  await worker?.kill();
  await servers?.stop();
}

async function series(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = text.split("\n").filter((line) => line.startsWith(`meeshy_${name} `));
  return lines.length === 0 ? Number.NaN : Number(lines[0]?.split(" ").at(-1));
}
const seen = (change: string) => series(gateway.url, `canary_seconds_count{change="${change}"}`);
const falseSeconds = async () =>
  (await series(gateway.url, "false_online_seconds_total")) +
  (await series(gateway.url, "false_offline_seconds_total"));
/** Two more changes of each kind from now on are seen. */
async function goesOn(): Promise<void> {
  const before = [await seen("connect"), await seen("leave")];
  const isSeen = async () =>
    (await seen("connect")) > (before[0] ?? 0) + 1 && (await seen("leave")) > (before[1] ?? 0) + 1;
  await eventually(isSeen, { what: "changes of canaries are seen" });
}
const late = async (change: string) =>
  (await seen(change)) - (await series(gateway.url, `canary_seconds_bucket{le="1",change="${change}"}`));
/** Changes go on, and no time counts as false but that of late ones, once: on a busy machine some may be late. */
async function allIsRight(): Promise<void> {
  const counted = await falseSeconds();
  await goesOn();
  const lateOnes = (await late("connect")) + (await late("leave"));
  const [connects, leaves] = await Promise.all(
    ["connect", "leave"].map((change) => series(gateway.url, `canary_seconds_sum{change="${change}"}`)),
  );
  expect(counted).toBeLessThanOrEqual(lateOnes === 0 ? 0 : (connects ?? 0) + (leaves ?? 0));
}
async function canaries(): Promise<[string, string]> {
  const [first] = (await servers.readLog()).filter(({ subject }) => subject.includes("canary"));
  const id = first?.subject.split(".").at(-1)?.slice(0, -2) ?? "";
  return [`${id}_1`, `${id}_2`];
}

describe("beside people", () => {
  beforeAll(async () => {
    await startAll();
    [external, service] = await Promise.all([as("external"), as("service")]);
    external.nc.subscribe("presence.status.>", { callback: (_, message) => void heard.push(message.json()) });
    service.nc.subscribe("presence.status.>", {
      callback: (_, message) => void heardByService.push(message.json()),
    });
    await Promise.all([external.nc.flush(), service.nc.flush()]);
  });
  afterAll(async () => {
    await Promise.all([external?.close(), service?.close()]);
    await stopAll();
  });

  const admin = {
    authorization: `Bearer ${tokenFor("admin", { role: "ADMIN" })}`,
    "x-presence-passive": "1",
  };

  it("each connect and each leave is measured, and nothing is false while all is well", async () => {
    expect(await series(gateway.url, "false_online_seconds_total")).toBe(0);
    await allIsRight();
    expect(await series(gateway.url, "canary_observed_seconds_total")).toBeGreaterThan(2);
    const [one, other] = await canaries();
    expect(isCanaryId(one) && isCanaryId(other)).toBe(true);
    expect(one).toMatch(/^anon_presence-canary_gw-[0-9a-f]{12}_1$/);
  });

  it("nothing of them is stored, counted or logged, as it is of a person who comes after them", async () => {
    const alice = await signIn(gateway.url, "alice");
    await goesOn();
    const bob = await signIn(gateway.url, "bob");
    const isBobStored = async () =>
      (await servers.db.presenceTransition.count({ where: { userId: "bob" } })) > 0;
    await eventually(isBobStored, { what: "the transition of one who came later is stored" });
    const stored = await servers.db.presenceTransition.findMany();
    expect(stored.map(({ userId }) => userId).sort()).toEqual(["alice", "bob"]);
    expect(await servers.db.user.count({ where: { id: { startsWith: "anon_presence" } } })).toBe(0);
    expect(
      await servers.db.anonymousParticipant.count({ where: { id: { startsWith: "anon_presence" } } }),
    ).toBe(0);
    expect(worker.output()).toContain('"msg":"transition"');
    expect(worker.output()).not.toContain("canary");
    expect(await series(workerUrl, "users_online_total")).toBe(2);
    expect(await series(workerUrl, "users_active")).toBe(2);
    expect(await series(workerUrl, 'transitions_total{from="offline",to="online",cause="connect"}')).toBe(2);
    expect(await series(gateway.url, 'events_total{type="connected"}')).toBe(2);
    expect(await series(gateway.url, "connections")).toBe(2);
    for (const client of [alice, bob]) client.close();
  });

  it("viewers, readers of other teams and administrators are shown none of them", async () => {
    const [canary] = await canaries();
    const client = await createPresenceClient({ nc: service.nc, onError: () => {} });
    const watched: string[] = [];
    const watch = client.watch(undefined, ({ userId }) => watched.push(userId));
    await watch.ready;
    const bob = await signIn(gateway.url, "bob");
    await goesOn();
    await signIn(gateway.url, "carol");
    await eventually(() => heard.some(({ userId }) => userId === "carol"), {
      what: "a reader hears of carol",
    });
    await eventually(() =>
      bob.all<{ userId: string }>("user:status").some(({ userId }) => userId === "carol"),
    );
    await eventually(() => watched.includes("carol"), { what: "the typed client hears of carol" });
    await settle();
    expect(watched.filter(isCanaryId)).toEqual([]);
    watch.stop();
    await client.close();
    expect(heard.filter(({ userId }) => isCanaryId(userId))).toEqual([]);
    expect(JSON.stringify(bob.received)).not.toContain("canary_");
    const unknown = { username: null, isOnline: false, version: 0, at: null };
    const asked = await call(gateway.url, `/api/users/presence?ids=${canary}`, { as: "alice" });
    expect(asked.body).toMatchObject({ users: [{ userId: canary, ...unknown }] });
    const byAdmin = await call(gateway.url, `/api/users/presence?ids=${canary}`, { headers: admin });
    expect(byAdmin.body).toMatchObject({ users: [{ userId: canary, ...unknown }] });
    const list = await call(gateway.url, "/api/admin/users?limit=100", { headers: admin });
    expect(JSON.stringify(list.body)).not.toContain("canary");
    await eventually(
      async () => {
        const { body } = await call(gateway.url, "/api/admin/maintenance/stats", { headers: admin });
        expect(body).toMatchObject({ totalUsersOnline: 2, activeConnections: 2 });
        return true;
      },
      { what: "the figures are of people" },
    );
    const why = await call(gateway.url, `/api/admin/users/${canary}/presence`, { headers: admin });
    expect(why.status).toBe(400);
    // A trusted service hears them, and knows them by their ids.
    expect(heardByService.find(({ userId }) => isCanaryId(userId))).toMatchObject({
      isAnonymous: true,
      conversationIds: [],
    });
  });

  it("no one can be one of them: not by a token, a session, a service or an administrator's order", async () => {
    const [canary] = await canaries();
    const refused = openClient(gateway.url, { token: tokenFor(canary) });
    expect(await refused.nth("connect_error")).toMatchObject({ code: "unauthorized" });
    const { shareLinkId, conversationId } = await servers.db.anonymousParticipant.findFirstOrThrow();
    const guest = { sessionToken: "canary-session", username: "x", shareLinkId, conversationId };
    await servers.db.anonymousParticipant.create({ data: { ...guest, id: canaryId("gw-guest", 1) } });
    const guestRefused = openClient(gateway.url, { sessionToken: "canary-session" });
    expect(await guestRefused.nth("connect_error")).toMatchObject({ code: "session_expired" });
    await servers.db.anonymousParticipant.delete({ where: { id: canaryId("gw-guest", 1) } });

    const requests = {
      "presence.activity": { userId: canary },
      "presence.availability": { userId: canary, availability: "busy" },
      "presence.session": { userId: canary, sessionId: "s", ttlS: 30 },
      "presence.membership": { userId: canary, conversationId: "general", change: "joined" },
      "presence.account": { userId: canary, change: "deleted" },
    };
    for (const [subject, payload] of Object.entries(requests)) {
      const answer = await service.nc.request(subject, JSON.stringify(payload), { timeout: 20_000 });
      expect([subject, answer.json()]).toEqual([
        subject,
        { error: expect.objectContaining({ code: "bad_request" }) },
      ]);
    }
    const order = await call(gateway.url, `/api/admin/users/${canary}/disconnect`, {
      method: "POST",
      headers: admin,
    });
    expect(order.status).toBe(400);
  });
});

describe("when the service fails", () => {
  beforeEach(() => startAll());
  afterEach(stopAll);

  it("false seconds grow while workers stand still, and stop once they work again", async () => {
    await allIsRight();
    const before = { connect: await late("connect"), leave: await late("leave") };
    const grows = async (name: string, by: number) => {
      const from = await series(gateway.url, name);
      await eventually(async () => (await series(gateway.url, name)) > from + by, { what: name });
    };
    process.kill(worker.pid, "SIGSTOP");
    // One has left and the other has connected: each is wrong in its way, for as long as it lasts.
    await Promise.all([grows("false_online_seconds_total", 1), grows("false_offline_seconds_total", 1)]);
    await grows("false_online_seconds_total", 1);
    process.kill(worker.pid, "SIGCONT");
    await allIsRight();
    expect(await late("connect")).toBeGreaterThan(before.connect);
    expect(await late("leave")).toBeGreaterThan(before.leave);
  });

  it("a broker that is away is counted as it passes, and once: what is shown afterwards is right", async () => {
    await allIsRight();
    const before = await falseSeconds();
    await servers.nats.kill();
    await eventually(async () => (await falseSeconds()) > before + 4, { what: "false seconds" });
    await servers.nats.restart();
    await allIsRight();
    await allIsRight();
  });

  it("a gateway that stops says goodbye for them", async () => {
    await goesOn();
    const [one, other] = await canaries();
    await gateway.stop();
    const shown = async (id: string) => {
      const last = await readLastValue(servers.link.nc, STREAM_STATUS, statusSetSubject(id), 1_000);
      return last && (fromBytes(last.data) as StatusMessage).isOnline;
    };
    for (const id of [one, other]) await eventually(async () => (await shown(id)) === false, { what: id });
  });
});

it("one who is there is announced under another life of the gateway, as the same person", async () => {
  // The life is to end between two changes: while one is there whose connect is stored.
  onTestFinished(stopAll);
  await startAll(3);
  await eventually(async () => (await seen("connect")) > 0, { what: "the connect of one is seen" });
  const [one, other] = await canaries();
  const gatewayId = one.slice(one.indexOf("gw-"), -2);
  const lost = { beat: 1, connections: 0, users: 0, lost: true };
  const key = keySubject(BUCKET_LEASES, leaseKeys.gateway(gatewayId));
  await servers.link.acks.publish(key, toBytes(lost));
  const isAnnounced = ({ subject, event }: LogLine) =>
    isCanaryId(subject.split(".").at(-1) ?? "") &&
    event.type === "connected" &&
    event.again === true &&
    event.gatewayId !== gatewayId;
  await eventually(async () => (await servers.readLog()).some(isAnnounced), { what: "another life" });
  await allIsRight();
  const people = (await servers.readLog()).map(({ subject }) => subject.split(".").at(-1) ?? "");
  expect(new Set(people.filter(isCanaryId))).toEqual(new Set([one, other]));
});

it("there are none where the interval is 0", async () => {
  servers = await startServers();
  const silent = await servers.gateway({ CANARY_INTERVAL_S: "0" });
  const alice = await signIn(silent.url, "alice");
  await settle();
  expect((await servers.readLog()).filter(({ subject }) => subject.includes("canary"))).toEqual([]);
  expect(await silent.metric("meeshy_canary_observed_seconds_total")).toBe(0);
  alice.close();
  await servers.stop();
});
