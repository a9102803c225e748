import { execFile } from "node:child_process";
import { chown, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import type { PostgresBinaries } from "./postgres-binary.ts";
import type { ServerSpec } from "./server-process.ts";
import { ownerOf, unprivilegedUser } from "./unprivileged-user.ts";

const run = promisify(execFile);

/** The superuser of embedded servers, and the name of its database. */
export const POSTGRES_USER = "meeshy";

/** `postgresql://` address of a database on an embedded server. */
export function postgresUrl(port: number, password: string, database = POSTGRES_USER): string {
  return `postgresql://${POSTGRES_USER}:${password}@127.0.0.1:${port}/${database}`;
}

/**
 * Makes a database cluster in `dataDir`, which does not exist yet, with one superuser, its password and a database.
 * Text sorts and folds by Unicode code point on every platform alike (PostgreSQL's own C.UTF-8).
 * @throws {Error} `initdb` or the first start failed: with what it printed
 */
export async function initPostgres(options: {
  binaries: PostgresBinaries;
  dataDir: string;
  password: string;
  /** Size of a log segment in MB; small ones make small copies. */
  walSegmentMegabytes?: number;
}): Promise<void> {
  const user = unprivilegedUser();
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 });
  const passwordFile = join(options.dataDir, "..", `${POSTGRES_USER}-${process.pid}.password`);
  await writeFile(passwordFile, options.password, { mode: 0o600 });
  try {
    if (user) {
      await chown(options.dataDir, user.uid, user.gid);
      await chown(passwordFile, user.uid, user.gid);
    }
    const program = (name: string) => join(options.binaries.home, "bin", name);
    const how = { ...(user ? { uid: user.uid, gid: user.gid } : {}), env: CLEAN_ENV, cwd: options.dataDir };
    await run(
      program("initdb"),
      [
        ...["-D", options.dataDir, "-U", POSTGRES_USER, "--pwfile", passwordFile, "--auth", "scram-sha-256"],
        ...[
          "--encoding",
          "UTF8",
          "--locale",
          "C",
          "--locale-provider",
          "builtin",
          "--builtin-locale",
          "C.UTF-8",
        ],
        ...["--no-sync", "--no-instructions", "--wal-segsize", String(options.walSegmentMegabytes ?? 16)],
      ],
      how,
    );
    const alone = run(program("postgres"), ["--single", "-D", options.dataDir, "postgres"], how);
    alone.child.stdin?.end(`CREATE DATABASE ${POSTGRES_USER};\n`);
    await alone;
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** The caller's PG* variables are for its own servers. */
const CLEAN_ENV = { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };

/** Settings that suit a laptop: PostgreSQL idles at some 30 MB. */
const SMALL_SETTINGS = { max_connections: 100, shared_buffers: "32MB", max_wal_size: "256MB", jit: "off" };

/** How to run the cluster in `dataDir`: loopback only, no Unix socket. */
export function postgresServer(options: {
  binaries: PostgresBinaries;
  dataDir: string;
  port: number;
  password: string;
  settings?: Record<string, string | number>;
}): ServerSpec {
  const settings = {
    listen_addresses: "127.0.0.1",
    port: options.port,
    unix_socket_directories: "",
    timezone: "UTC",
    log_timezone: "UTC",
    ...SMALL_SETTINGS,
    ...options.settings,
  };
  return {
    name: "postgres-1",
    command: join(options.binaries.home, "bin/postgres"),
    args: [
      "-D",
      options.dataDir,
      ...Object.entries(settings).flatMap(([key, value]) => ["-c", `${key}=${value}`]),
    ],
    cwd: options.dataDir,
    env: CLEAN_ENV,
    user: ownerOf(options.dataDir),
    stopSignal: "SIGINT",
    passingFailure: PREDECESSOR_LEAVES,
    isReady: () => answersQueries(postgresUrl(options.port, options.password)),
  };
}

/** What PostgreSQL prints while sub-processes of a killed predecessor are still about to notice. */
const PREDECESSOR_LEAVES = /pre-existing shared memory block|lock file "postmaster.pid" already exists/;

async function answersQueries(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 1_000 });
  client.on("error", () => {});
  try {
    await client.connect();
    await client.query("SELECT 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => {});
  }
}
