import { randomBytes } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "@meeshy/shared/db/migrate";
import { demoToken } from "@meeshy/shared/servers/demo-token";
import { freePort } from "@meeshy/shared/servers/free-port";
import { runServer, type TestServer } from "@meeshy/shared/testing/run-server";
import { startPostgres } from "@meeshy/shared/testing/servers";
import { createClient } from "redis";
import { insertWorld } from "../fleet/insert-world.ts";
import { roomsByUser, type World } from "../fleet/world.ts";
import type { StartOptions } from "../scenario.ts";
import { accepts } from "./accepts.ts";
import { provideRedisServer } from "./redis-binary.ts";
import { killAndRestart, type System, type SystemKind, stopAll } from "./system.ts";

/** The services that Meeshy is compared with, each as such things are usually built (docs/BENCHMARKS.md). */

interface PeerParts {
  kind: SystemKind;
  /** file in bench/peers */
  program: string;
  fronts: number;
  env: Record<string, string>;
  /** what the fronts stand on, and keep their state in; started already */
  below?: TestServer;
  databaseUrl?: string;
}

/** Socket.IO and the JWT check alone: rooms come from memory, and nothing is kept. */
export async function startBare(world: World): Promise<System> {
  const directory = await mkdtemp(join(tmpdir(), "meeshy-bench-"));
  const file = join(directory, "world.json");
  await writeFile(file, JSON.stringify(Object.fromEntries(roomsByUser(world))));
  return startPeer({
    kind: "bare Socket.IO",
    program: "bare.ts",
    fronts: 1,
    env: { WORLD: file },
  });
}

/** Socket.IO processes behind the Redis adapter, a hash with a time to live for each user. */
export async function startRedisPattern(
  world: World,
  { fronts = 2, keepsStore = false }: StartOptions = {},
): Promise<System> {
  const redis = await startRedis(keepsStore);
  const url = `redis://127.0.0.1:${redis.port}`;
  const client = createClient({ url });
  await client.connect();
  for (const [userId, rooms] of roomsByUser(world))
    if (rooms.length > 0) await client.sAdd(`conversations:${userId}`, rooms);
  for (const [room, userIds] of world.members) await client.sAdd(`members:${room}`, userIds);
  await client.close();
  return startPeer({
    kind: "redis pattern",
    program: "redis-pattern.ts",
    fronts,
    env: { REDIS_URL: url },
    below: redis.server,
  });
}

/** One Socket.IO process and the database: a statement a connect, a disconnect and an activity, a query a broadcast. */
export async function startMonolith(world: World): Promise<System> {
  const postgres = await startPostgres();
  await migrate(postgres.url);
  await insertWorld(postgres.url, world);
  const { url } = postgres;
  const env = { DATABASE_URL: url };
  return startPeer({
    kind: "monolith",
    program: "monolith.ts",
    fronts: 1,
    env,
    below: postgres,
    databaseUrl: url,
  });
}

async function startPeer({ kind, program, fronts, env, below, databaseUrl }: PeerParts): Promise<System> {
  const secret = randomBytes(32).toString("base64url");
  const servers: TestServer[] = [];
  const ports: number[] = [];
  for (let n = 0; n < fronts; n++) {
    const port = await freePort(new Set(ports));
    const spec = {
      name: kind,
      command: process.execPath,
      args: [join(import.meta.dirname, "../peers", program)],
      env: { ...process.env, ...env, PORT: String(port), JWT_SECRET: secret },
      stopSignal: "SIGTERM" as const,
      isReady: () => accepts(port),
    };
    servers.push(await runServer(spec, await mkdtemp(join(tmpdir(), "meeshy-bench-"))));
    ports.push(port);
  }
  const all = () => (below === undefined ? servers : [below, ...servers]);
  const now = new Date();
  return {
    kind,
    urls: ports.map((port) => `http://127.0.0.1:${port}`),
    fronts: () => servers.map(({ pid }) => pid),
    pids: () => all().map(({ pid }) => pid),
    token: (userId) => demoToken({ id: userId, username: userId, role: "USER" }, secret, now),
    restartFront: async (index) => servers[index]?.restart(),
    killFront: (index) => killAndRestart(servers[index] as TestServer),
    ...(below === undefined ? {} : { killStore: () => killAndRestart(below) }),
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    stop: stopAll(all()),
  };
}

async function startRedis(keepsStore: boolean): Promise<{ server: TestServer; port: number }> {
  const { command, env } = await provideRedisServer((line) => console.error(`bench: ${line}`));
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), "meeshy-redis-"));
  const spec = {
    name: "redis-server",
    command,
    args: [
      ...["--bind", "127.0.0.1", "--port", String(port)],
      ...["--save", "", "--appendonly", keepsStore ? "yes" : "no"],
    ],
    cwd: directory,
    env: { ...process.env, ...env },
    stopSignal: "SIGTERM" as const,
    isReady: () => accepts(port),
  };
  return { server: await runServer(spec, directory), port };
}
