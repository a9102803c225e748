import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { pendingMigrations } from "@meeshy/shared/db/migrate";
import { type NatsLink, openNats } from "@meeshy/shared/nats/connect";
import { STREAM_EVENTS } from "@meeshy/shared/subjects";
import pg from "pg";
import { z } from "zod";
import type { Variables } from "./settings.ts";

/** What lines of docs/PRE-DEPLOYMENT.md ask servers for. Each gives what is wrong, or nothing. */
export interface ServerLine {
  id: string;
  fault(variables: Variables): Promise<string | undefined>;
}

const ANSWERS_WITHIN_MS = 5_000;
const CLOCKS_AGREE_WITHIN_MS = 1_000;
const NATS_OLDEST = [2, 9] as const;
const POSTGRES_OLDEST = 140_000;
/** Of each process that a gateway has, of a worker and of a sweeper; and as much again for a rolling restart. */
const CONNECTIONS_EACH = 10;
const OPEN_FILES_MIN = 10_000;
const ROLES = ["gateway", "worker", "sweeper"] as const;

const reasonOf = (error: unknown): string => (error instanceof Error && error.message) || String(error);

async function withDatabase(
  { DATABASE_URL: url }: Variables,
  look: (client: pg.Client) => Promise<string | undefined>,
): Promise<string | undefined> {
  if (!url) return "DATABASE_URL is not set";
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: ANSWERS_WITHIN_MS });
  // A connection that breaks is reported by the query that waits for it.
  client.on("error", () => {});
  try {
    await client.connect();
    return await look(client);
  } catch (error) {
    return `PostgreSQL: ${reasonOf(error)}`;
  } finally {
    await client.end().catch(() => {});
  }
}

/** As whom the processes of a role connect: by a password of the role, as in docker-compose.yml, or all by the same. */
function natsUser(variables: Variables, role: (typeof ROLES)[number]) {
  const own = variables[`NATS_${role.toUpperCase()}_PASSWORD`];
  return own
    ? { user: role, password: own }
    : { user: variables.NATS_USER, password: variables.NATS_PASSWORD };
}

async function withNats(
  variables: Variables,
  role: (typeof ROLES)[number],
  look: (link: NatsLink) => Promise<string | undefined>,
): Promise<string | undefined> {
  const url = variables.NATS_URL;
  if (!url) return "NATS_URL is not set";
  const opening = openNats(
    {
      url,
      ...natsUser(variables, role),
      credsFile: variables.NATS_CREDS_FILE,
      tlsCa: variables.NATS_TLS_CA,
    },
    `preflight-${role}`,
  );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ANSWERS_WITHIN_MS + 1_000);
  });
  try {
    const link = await Promise.race([opening, late]);
    if (!link) {
      opening.then((late) => late.close()).catch(() => {});
      return `nats-server as ${role}: no answer within ${ANSWERS_WITHIN_MS / 1_000} s`;
    }
    try {
      return await look(link);
    } finally {
      await link.close();
    }
  } catch (error) {
    return `nats-server as ${role}: ${reasonOf(error)}`;
  } finally {
    clearTimeout(timer);
  }
}

function oldNats(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isOld = major < NATS_OLDEST[0] || (major === NATS_OLDEST[0] && minor < NATS_OLDEST[1]);
  return isOld ? `nats-server ${version}: ${NATS_OLDEST.join(".")} or newer` : undefined;
}

async function answers(what: string, url: string | undefined): Promise<string | undefined> {
  if (!url) return undefined;
  try {
    await fetch(url, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
    return undefined;
  } catch (error) {
    const cause =
      error instanceof Error && error.cause instanceof Error ? error.cause.message : reasonOf(error);
    return `${what} does not answer at ${url}: ${cause}`;
  }
}

const clockSchema = z.object({ now: z.date() });
const versionSchema = z.object({ version: z.coerce.number() });
const roomSchema = z.object({ most: z.coerce.number(), used: z.coerce.number() });
const keysSchema = z.object({ keys: z.array(z.unknown()).min(1) });

export const SERVER_LINES: readonly ServerLine[] = [
  {
    id: "nats",
    async fault(variables) {
      for (const role of ROLES) {
        const fault = await withNats(variables, role, async ({ nc, jsm }) => {
          const old = oldNats(nc.info?.version ?? "0");
          if (old) return old;
          // Before the first deployment there is no such stream; that is an answer of JetStream, too.
          return jsm.streams.info(STREAM_EVENTS).then(
            () => undefined,
            (error) =>
              error instanceof Error && error.name === "StreamNotFoundError" ? undefined : reasonOf(error),
          );
        });
        if (fault) return fault;
      }
      return undefined;
    },
  },
  {
    id: "database",
    fault: (variables) =>
      withDatabase(variables, async (client) => {
        const { rows } = await client.query("SELECT current_setting('server_version_num') AS version");
        const { version } = versionSchema.parse(rows[0]);
        return version < POSTGRES_OLDEST ? `PostgreSQL ${version}: ${POSTGRES_OLDEST} or newer` : undefined;
      }),
  },
  {
    id: "schema",
    async fault({ DATABASE_URL: url }) {
      if (!url) return "DATABASE_URL is not set";
      try {
        const pending = await pendingMigrations(url);
        return pending.length > 0
          ? `not applied: ${pending.join(", ")}; run \`node bin/migrate.ts\``
          : undefined;
      } catch (error) {
        return reasonOf(error);
      }
    },
  },
  {
    id: "database-room",
    fault: (variables) =>
      withDatabase(variables, async (client) => {
        const { rows } = await client.query(
          `SELECT current_setting('max_connections') AS most, (SELECT count(*) FROM pg_stat_activity) AS used`,
        );
        const { most, used } = roomSchema.parse(rows[0]);
        const processes = Number(variables.GATEWAY_PROCESSES || 1) + 2;
        const needed = processes * CONNECTIONS_EACH * 2;
        return most - used < needed
          ? `${most - used} of ${most} connections are free: one gateway, one worker and one sweeper take up to ${needed} while they are restarted`
          : undefined;
      }),
  },
  {
    id: "clocks",
    fault: (variables) =>
      withDatabase(variables, async (client) => {
        const before = Date.now();
        const { rows } = await client.query("SELECT clock_timestamp() AS now");
        const after = Date.now();
        const { now } = clockSchema.parse(rows[0]);
        const off = Math.round(now.getTime() - (before + after) / 2);
        return Math.abs(off) > CLOCKS_AGREE_WITHIN_MS + (after - before)
          ? `PostgreSQL's clock differs from this machine's by ${off} ms: look at chronyc tracking on both`
          : undefined;
      }),
  },
  {
    id: "open-files",
    async fault() {
      const { stdout } = await promisify(execFile)("sh", ["-c", "ulimit -n"]);
      const limit = stdout.trim() === "unlimited" ? Number.POSITIVE_INFINITY : Number(stdout);
      return limit < OPEN_FILES_MIN
        ? `ulimit -n = ${limit} on this machine: each connection of a gateway is an open file; at least ${OPEN_FILES_MIN}`
        : undefined;
    },
  },
  {
    id: "token-keys",
    async fault({ JWT_JWKS_URL: url }) {
      if (!url) return undefined;
      try {
        const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
        return keysSchema.safeParse(await answer.json()).success ? undefined : `${url} holds no keys`;
      } catch (error) {
        return `JWT_JWKS_URL: ${reasonOf(error)}`;
      }
    },
  },
  { id: "directory", fault: ({ DIRECTORY_URL }) => answers("DIRECTORY_URL", DIRECTORY_URL) },
  {
    id: "traces",
    fault: ({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: traces, OTEL_EXPORTER_OTLP_ENDPOINT: all }) =>
      answers("the receiver of traces", traces || all),
  },
];
