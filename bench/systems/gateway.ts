import { randomBytes } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "@meeshy/shared/db/migrate";
import { openNats } from "@meeshy/shared/nats/connect";
import { ensureStreams } from "@meeshy/shared/nats/streams";
import { demoToken } from "@meeshy/shared/servers/demo-token";
import { freePort } from "@meeshy/shared/servers/free-port";
import { runServer } from "@meeshy/shared/testing/run-server";
import { startNats, startPostgres } from "@meeshy/shared/testing/servers";
import { standInForWorkers } from "@meeshy/shared/testing/stand-in-workers";
import { insertWorld } from "../fleet/insert-world.ts";
import type { World } from "../fleet/world.ts";
import { killAndRestart, type System, stopAll } from "./system.ts";

const PROGRAM = join(import.meta.dirname, "../../gateway/src/main.ts");

/** One gateway on a nats-server without users, and a database; no worker decides on statuses. */
export async function startGatewayAlone(
  world: World,
  env: Record<string, string>,
): Promise<System & { natsUrl: string }> {
  const nats = await startNats();
  const postgres = await startPostgres();
  await migrate(postgres.url);
  await insertWorld(postgres.url, world);
  const link = await openNats({ url: nats.url }, "bench");
  await ensureStreams(link, 1);
  await standInForWorkers(link);
  await link.close();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const secret = randomBytes(32).toString("base64url");
  const spec = {
    name: "gateway",
    command: process.execPath,
    args: [PROGRAM],
    env: {
      ...process.env,
      NATS_URL: nats.url,
      DATABASE_URL: postgres.url,
      JWT_SECRET: secret,
      PORT: String(port),
      OPS_PORT: "0",
      LOG_LEVEL: "warn",
      ...env,
    },
    stopSignal: "SIGTERM" as const,
    isReady: () =>
      fetch(`${url}/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
  };
  const gateway = await runServer(spec, await mkdtemp(join(tmpdir(), "meeshy-bench-"))).catch(
    async (error) => {
      await stopAll([nats, postgres])();
      throw error;
    },
  );
  const now = new Date();
  return {
    kind: "meeshy",
    urls: [url],
    natsUrl: nats.url,
    databaseUrl: postgres.url,
    fronts: () => [gateway.pid],
    pids: () => [nats, postgres, gateway].map(({ pid }) => pid),
    token: (userId) => demoToken({ id: userId, username: userId, role: "USER" }, secret, now),
    restartFront: () => gateway.restart(),
    killFront: () => killAndRestart(gateway),
    stop: stopAll([nats, postgres, gateway]),
  };
}
