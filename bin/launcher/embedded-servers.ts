import { join } from "node:path";
import type { NatsRole } from "@meeshy/shared/nats/permissions";
import { provideNatsServer } from "@meeshy/shared/servers/nats-binary";
import { natsServer } from "@meeshy/shared/servers/nats-server";
import { providePostgres } from "@meeshy/shared/servers/postgres-binary";
import { postgresServer, postgresUrl } from "@meeshy/shared/servers/postgres-server";
import type { ServerSpec } from "@meeshy/shared/servers/server-process";
import { postgresData } from "./postgres-data.ts";
import type { Secrets } from "./secrets.ts";

type Say = (line: string) => void;

/** How to reach a server, and how to run it if it is ours to run. */
export type Server = { url: string; spec?: ServerSpec };

export type Nats = Server & { passwords?: Record<NatsRole, string> };

/** The nats-server that `NATS_URL` names, else an embedded one. */
export async function planNats(
  env: NodeJS.ProcessEnv,
  place: { dataDir: string; port: number; secrets: Secrets; say: Say },
): Promise<Nats> {
  if (env.NATS_URL) return { url: env.NATS_URL };
  const passwords = place.secrets.natsPasswords;
  const binary = await provideNatsServer({ explicit: env.NATS_SERVER_BIN, log: place.say });
  const spec = await natsServer({
    binary,
    directory: join(place.dataDir, "nats"),
    port: place.port,
    passwords,
  });
  return { url: `nats://127.0.0.1:${place.port}`, spec, passwords };
}

/** The PostgreSQL that `DATABASE_URL` names, else an embedded one. */
export async function planPostgres(
  env: NodeJS.ProcessEnv,
  place: { dataDir: string; port: number; secrets: Secrets; say: Say },
): Promise<Server> {
  if (env.DATABASE_URL) return { url: env.DATABASE_URL };
  const password = place.secrets.postgresPassword;
  const binaries = await providePostgres(place.say);
  const home = await postgresData(place.dataDir, binaries, password, place.say);
  const spec = postgresServer({ binaries, dataDir: home, port: place.port, password });
  return { url: postgresUrl(place.port, password), spec };
}
