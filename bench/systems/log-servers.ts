import { migrate } from "@meeshy/shared/db/migrate";
import { type NatsLink, openNats } from "@meeshy/shared/nats/connect";
import { ensureStreams } from "@meeshy/shared/nats/streams";
import { startNats, startPostgres } from "@meeshy/shared/testing/servers";
import pg from "pg";
import type { Tools } from "../scenario.ts";

/** What a worker alone stands on: an empty log, and a database with rows for the users `u0`, `u1`, … */
export interface LogServers {
  natsUrl: string;
  databaseUrl: string;
  link: NatsLink;
  stop(): Promise<void>;
}

export async function startLogServers(
  { keep }: Tools,
  users: number,
  natsServer?: string,
): Promise<LogServers> {
  const nats = keep(await startNats({ program: natsServer }));
  const postgres = keep(await startPostgres());
  await migrate(postgres.url);
  const client = new pg.Client({ connectionString: postgres.url });
  await client.connect();
  await client.query(
    `INSERT INTO "User" (id, username) SELECT 'u' || n, 'u' || n FROM generate_series(0, $1::int - 1) AS n`,
    [users],
  );
  await client.end();
  const link = await openNats({ url: nats.url }, "bench");
  await ensureStreams(link, 1);
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= (async () => {
      await link.close();
      await nats.stop();
      await postgres.stop();
    })();
    return stopping;
  };
  return keep({ natsUrl: nats.url, databaseUrl: postgres.url, link, stop });
}
