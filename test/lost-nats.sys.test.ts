import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestDatabase } from "@meeshy/shared/testing/database";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { type RunningStack, startStack } from "@meeshy/shared/testing/stack";
import pg from "pg";
import { io, type Socket } from "socket.io-client";
import { describe, expect, onTestFinished, test } from "vitest";

const GATEWAY_LEASE_MS = 2_000;
const ENV = { GATEWAY_LEASE_MS: String(GATEWAY_LEASE_MS), DISCONNECT_GRACE_MS: "500" };
/** CONTRACT 9: right within 3 leases; the rest is for starting servers and for a busy machine. */
const WITHIN_MS = 3 * GATEWAY_LEASE_MS + 15_000;

interface Status {
  isOnline: boolean;
  epoch: number;
}

interface Servers {
  nats: TestNats;
  databaseUrl: string;
}

async function start(
  { nats, databaseUrl }: Servers,
  { gateways = 1, dataDir }: { gateways?: number; dataDir?: string } = {},
): Promise<RunningStack> {
  const stack = await startStack({
    args: ["--gateways", String(gateways), "--no-web"],
    env: { ...ENV, NATS_URL: nats.url, DATABASE_URL: databaseUrl },
    ...(dataDir ? { dataDir } : {}),
  });
  onTestFinished(async () => void (await stack.stop()));
  return stack;
}

/** A tab that stays open, as long as the test goes on. */
function open(stack: RunningStack, user: string, gateway = 0): Promise<Socket> {
  const socket = io(stack.urls[gateway], { auth: { token: stack.token(user) }, transports: ["websocket"] });
  onTestFinished(() => void socket.close());
  return new Promise((resolve) => socket.once("authenticated", () => resolve(socket)));
}

async function statusOf(stack: RunningStack, viewer: string, user: string): Promise<Status> {
  const answer = await fetch(`${stack.urls[0]}/api/users/${user}`, {
    headers: { authorization: `Bearer ${stack.token(viewer)}`, "x-presence-passive": "1" },
  });
  return ((await answer.json()) as { user: Status }).user;
}

async function storedOnline(stack: RunningStack): Promise<string[]> {
  const client = new pg.Client({ connectionString: stack.read().database.url });
  await client.connect();
  try {
    const { rows } = await client.query('SELECT "id" FROM "User" WHERE "isOnline" ORDER BY "id"');
    return rows.map(({ id }) => id);
  } finally {
    await client.end();
  }
}

/** Viewers and database agree on who is online, and the log has begun a new epoch. */
async function expectOnline(stack: RunningStack, online: string[], epoch: number): Promise<void> {
  await eventually(
    async () => {
      expect(await storedOnline(stack)).toEqual(online);
      for (const user of ["bob", "carol"])
        expect(await statusOf(stack, "alice", user)).toMatchObject({ isOnline: online.includes(user) });
      expect(await statusOf(stack, "alice", "bob")).toMatchObject({ epoch });
      return true;
    },
    { within: WITHIN_MS, every: 200 },
  );
}

/** Puts other files in the place of the stopped server's. */
async function replaceStore(nats: TestNats, copy?: string): Promise<void> {
  await rm(nats.storeDir, { recursive: true, force: true });
  if (copy) await cp(copy, nats.storeDir, { recursive: true });
}

async function copyStore(nats: TestNats): Promise<string> {
  const copy = join(await mkdtemp(join(tmpdir(), "meeshy-copy-")), "jetstream");
  onTestFinished(() => rm(join(copy, ".."), { recursive: true, force: true }));
  await cp(nats.storeDir, copy, { recursive: true });
  return copy;
}

async function useServers(): Promise<Servers> {
  const [nats, database] = await Promise.all([startNats(), createTestDatabase("demo")]);
  onTestFinished(async () => void (await Promise.all([nats.stop(), database.stop()])));
  return { nats, databaseUrl: database.url };
}

describe("NATS that has lost its data", () => {
  test.each(["SIGTERM", "SIGKILL"] as const)(
    "under a running stack, after %s: a connected user stays online, one whom no gateway announces goes offline",
    async (signal) => {
      const servers = await useServers();
      const { nats } = servers;
      const stack = await start(servers, { gateways: 2 });
      await open(stack, "alice");
      await open(stack, "bob");
      await open(stack, "carol", 1);
      await expectOnline(stack, ["alice", "bob", "carol"], 1);

      await nats.kill(signal);
      process.kill(stack.read().gateways[1]?.pid ?? -1, "SIGSTOP");
      const stopped = stack.read().gateways[1]?.pid ?? -1;
      onTestFinished(() => void process.kill(stopped, "SIGKILL"));
      await replaceStore(nats);
      await nats.restart();
      await expectOnline(stack, ["alice", "bob"], 2);
    },
  );

  test("that comes back as an earlier copy under a running stack: a new epoch, and the truth in it", async () => {
    const servers = await useServers();
    const { nats } = servers;
    const stack = await start(servers);
    await open(stack, "alice");
    const before = await open(stack, "carol");
    await eventually(async () => expect(await storedOnline(stack)).toEqual(["alice", "carol"]));
    await nats.kill("SIGTERM");
    const copy = await copyStore(nats);
    await nats.restart();
    await open(stack, "bob");
    await eventually(async () => expect(await storedOnline(stack)).toEqual(["alice", "bob", "carol"]));
    before.disconnect();
    await expectOnline(stack, ["alice", "bob"], 1);

    await nats.kill("SIGKILL");
    await replaceStore(nats, copy);
    await nats.restart();
    await expectOnline(stack, ["alice", "bob"], 2);
  });

  test("under a stopped stack: whom the database still holds online goes offline", async () => {
    const servers = await useServers();
    const { nats } = servers;
    const first = await start(servers);
    await open(first, "alice");
    await open(first, "bob");
    const carol = await open(first, "carol");
    await expectOnline(first, ["alice", "bob", "carol"], 1);
    carol.io.reconnection(false);
    await first.stop({ keepData: true });
    await nats.kill("SIGTERM");
    await replaceStore(nats);
    await nats.restart();

    const second = await start(servers, { dataDir: first.dataDir });
    await open(second, "alice");
    await open(second, "bob");
    await expectOnline(second, ["alice", "bob"], 2);
  });
});
