import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { toBytes } from "@meeshy/shared/nats/last-value";
import { PARTITIONS, partitionSubject } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { removeStandIns } from "@meeshy/shared/testing/stand-in-workers";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { startWorkerProcess, type WorkerProcess } from "../../../presence-worker/test/worker-process.ts";
import {
  type Client,
  openClient,
  type RunningGateway,
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

interface Health {
  status: number;
  reasons: string[];
}

async function ready({ url }: RunningGateway): Promise<Health> {
  const answer = await fetch(`${url}/health/ready`);
  const { reasons = [] } = (await answer.json()) as { reasons?: string[] };
  return { status: answer.status, reasons };
}

const isLive = async ({ url }: RunningGateway) => (await fetch(`${url}/health/live`)).status === 200;

async function staleGauges({ url }: RunningGateway): Promise<Record<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const lines = [...text.matchAll(/^meeshy_stale\{reason="([^"]+)"\} (\d)$/gm)];
  return Object.fromEntries(lines.map(([, reason, value]) => [reason, Number(value)]));
}

/** Whether the client was sent a status of this person, in a view or as a change. */
function shows(client: Client, userId: string): boolean {
  const views = client.all<{ users: { userId: string }[] }>("presence:snapshot");
  const statuses = [...views.flatMap(({ users }) => users), ...client.all<{ userId: string }>("user:status")];
  return statuses.some((status) => status.userId === userId);
}

describe("with workers that stand still", () => {
  const WORKER_LEASE_MS = 800;

  /** Time passes in every partition, as with a sweeper. */
  function beginTime(): void {
    const write = () => {
      if (servers.link.isClosed()) return;
      const event = { type: "timeout", sweeperId: "test", elapsed: performance.now() };
      for (let partition = 0; partition < PARTITIONS; partition++)
        servers.link.nc.publish(partitionSubject("sweep", partition), toBytes({ event }));
    };
    const timer = setInterval(write, 500);
    onTestFinished(() => clearInterval(timer));
  }

  async function startWorker(): Promise<WorkerProcess> {
    const { url, user = "", password = "" } = servers.nats.as("worker");
    const started = startWorkerProcess({
      ...{ NATS_URL: url, NATS_USER: user, NATS_PASSWORD: password, DATABASE_URL: servers.database.url },
      WORKER_LEASE_MS: String(WORKER_LEASE_MS),
    });
    onTestFinished(async () => void (await started.kill()));
    return started;
  }

  it("viewers are informed, and again once each event is processed; a new gateway is not ready before", async () => {
    await removeStandIns(servers.link);
    beginTime();
    const env = { WORKER_LEASE_MS: String(WORKER_LEASE_MS) };
    const gateway = await servers.gateway(env, { waits: false });
    await eventually(async () =>
      (await ready(gateway)).reasons.some((one) => one.includes("64 of 64 partitions")),
    );
    const worker = await startWorker();
    await eventually(async () => (await ready(gateway)).status === 200, { what: "ready" });
    const alice = await signIn(gateway.url, "alice");
    const bob = await signIn(gateway.url, "bob");
    await eventually(() => shows(alice, "bob") && shows(bob, "alice"), { what: "they see each other" });
    expect(alice.all("presence:stale")).toEqual([]);

    process.kill(worker.pid, "SIGSTOP");
    const { since } = await alice.nth<{ since: string }>("presence:stale");
    expect(alice.all("presence:stale")).toEqual([{ since, reason: "not-processing" }]);
    const { status, reasons } = await ready(gateway);
    expect(status).toBe(503);
    expect(reasons).toEqual([expect.stringMatching(/^not-processing: 64 of 64 partitions .*\(0, 1, 2/)]);
    expect(await isLive(gateway)).toBe(true);
    expect(await staleGauges(gateway)).toEqual({ feed: 0, storage: 0, "not-processing": 1 });
    // Connects are taken into the log, which workers will read.
    const carol = openClient(gateway.url, { token: tokenFor("carol") });
    await carol.nth("authenticated");
    expect(carol.all("presence:stale")).toHaveLength(1);
    const view = await carol.nth<{ users: { userId: string }[] }>("presence:snapshot");
    expect(view.users.map(({ userId }) => userId).sort()).toEqual(["alice", "bob"]);

    process.kill(worker.pid, "SIGCONT");
    await alice.nth("presence:fresh");
    const snapshot = await alice.nth<{ users: { userId: string }[] }>("presence:snapshot", 2);
    expect(snapshot.users.map(({ userId }) => userId)).toContain("carol");
    await carol.nth("presence:snapshot", 2);
    expect((await ready(gateway)).status).toBe(200);
    expect(await staleGauges(gateway)).toEqual({ feed: 0, storage: 0, "not-processing": 0 });
  });

  it("a takeover is not worth a notice, nor is a worker that is restarted", async () => {
    await removeStandIns(servers.link);
    beginTime();
    const workers = [await startWorker(), await startWorker()];
    const gateway = await servers.gateway({ WORKER_LEASE_MS: String(WORKER_LEASE_MS) }, { waits: false });
    await eventually(async () => (await ready(gateway)).status === 200, { what: "ready" });
    const alice = await signIn(gateway.url, "alice");
    await workers[0]?.kill("SIGKILL");
    const bob = await signIn(gateway.url, "bob");
    await alice.nth("user:status");
    await startWorker();
    await workers[1]?.kill("SIGTERM");
    bob.close();
    await eventually(() => alice.all<{ isOnline: boolean }>("user:status").some((one) => !one.isOnline));
    expect(alice.all("presence:stale")).toEqual([]);
  });
});

describe("with a broker that can store nothing", () => {
  async function limitStore(limit: string): Promise<void> {
    const file = join(dirname(servers.nats.storeDir), "nats-server.conf");
    const text = await readFile(file, "utf8");
    await writeFile(file, text.replace(/jetstream: (enabled|\{ max_file: 1 \})$/m, `jetstream: ${limit}`));
    await servers.nats.kill("SIGHUP");
  }

  it("viewers are informed, connects are refused, and all is right once there is room", async () => {
    const gateway = await servers.gateway({ GATEWAY_LEASE_MS: "2000" });
    const alice = await signIn(gateway.url, "alice");
    await limitStore("{ max_file: 1 }");
    const { since } = await alice.nth<{ since: string }>("presence:stale");
    expect(alice.all("presence:stale")).toEqual([{ since, reason: "storage" }]);
    const { status, reasons } = await ready(gateway);
    expect(status).toBe(503);
    expect(reasons[0]).toMatch(/^storage: /);
    expect(await isLive(gateway)).toBe(true);
    expect((await staleGauges(gateway)).storage).toBe(1);
    const refused = await fetch(`${gateway.url}/socket.io/?EIO=4&transport=polling`);
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ error: { code: "unavailable", retryable: true } });
    expect(alice.all("disconnect")).toEqual([]);

    await limitStore("enabled");
    await alice.nth("presence:fresh");
    const bob = await signIn(gateway.url, "bob");
    expect((await ready(gateway)).status).toBe(200);
    bob.close();
  });
});
