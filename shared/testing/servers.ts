import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { NATS_ROLES, type NatsRole } from "../src/nats/permissions.ts";
import { cacheDirectory, directoryOnce } from "../src/servers/cache.ts";
import { freePort } from "../src/servers/free-port.ts";
import { provideNatsServer } from "../src/servers/nats-binary.ts";
import { natsServer } from "../src/servers/nats-server.ts";
import { type PostgresBinaries, providePostgres } from "../src/servers/postgres-binary.ts";
import { initPostgres, POSTGRES_USER, postgresServer, postgresUrl } from "../src/servers/postgres-server.ts";
import { mayReach, unprivilegedUser } from "../src/servers/unprivileged-user.ts";
import { memoryDirectory } from "./memory-directory.ts";
import { runServer, type TestServer } from "./run-server.ts";

export type TestNats = TestServer & {
  url: string;
  port: number;
  /** Directory of the JetStream files. */
  storeDir: string;
  /** Passwords of the users, which are named by their roles, when started with `auth`. */
  passwords: Record<NatsRole, string> | undefined;
  /** What a process of this role connects with. */
  as(role: NatsRole | typeof TESTER): { url: string; user?: string; password?: string };
};

/** A user of the service's account to whom everything is allowed. */
const TESTER = "tester";

/**
 * A nats-server with JetStream, its own fresh data and a free port of 127.0.0.1. `auth` gives it the users and
 * permissions of production, and `tester`; without, it asks for none. `program`: the path of one, in place of the one
 * that the environment names or that is found.
 */
export async function startNats(
  options: {
    auth?: boolean;
    maxStoreBytes?: number;
    syncInterval?: string;
    program?: string | undefined;
  } = {},
): Promise<TestNats> {
  const binary = options.program ?? (await natsProgram());
  const directory = await mkdtemp(join(tmpdir(), "meeshy-nats-"));
  const port = await freePort();
  const passwords = options.auth ? newPasswords() : undefined;
  const password = newPassword();
  const tester = { user: TESTER, password, permissions: { publish: [">"], subscribe: [">"] } };
  const others = [tester];
  const server = await runServer(
    await natsServer({
      ...{ binary, directory, port, passwords, others },
      maxStoreBytes: options.maxStoreBytes,
      syncInterval: options.syncInterval,
    }),
    directory,
  );
  const url = `nats://127.0.0.1:${port}`;
  const as: TestNats["as"] = (role) =>
    passwords ? { url, user: role, password: role === TESTER ? password : passwords[role] } : { url };
  return Object.defineProperties(
    { url, port, storeDir: join(directory, "jetstream"), passwords, as },
    Object.getOwnPropertyDescriptors(server),
  ) as TestNats;
}

const natsPrograms = new Map<string | undefined, Promise<string>>();

/** The nats-server that the environment names, or one that is found. Looking for it starts several processes. */
export function natsProgram(): Promise<string> {
  const explicit = process.env.NATS_SERVER_BIN;
  const program = natsPrograms.get(explicit) ?? provideNatsServer({ explicit, log: announce });
  natsPrograms.set(explicit, program);
  return program;
}

const newPassword = () => randomBytes(18).toString("base64url");

function newPasswords(): Record<NatsRole, string> {
  return Object.fromEntries(NATS_ROLES.map((role) => [role, newPassword()])) as Record<NatsRole, string>;
}

export type TestPostgres = TestServer & {
  url: string;
  /** Makes an empty database and gives its address. */
  createDatabase(name?: string): Promise<string>;
};

/**
 * Nothing here outlives the machine, so nothing has to reach the disk; what is committed is written all the same,
 * so that it survives a killed server.
 */
const CARELESS = { fsync: "off", full_page_writes: "off" };

/** A PostgreSQL with one empty database, its own fresh data and a free port of 127.0.0.1. */
export async function startPostgres({ maxConnections = 100 } = {}): Promise<TestPostgres> {
  const binaries = await providePostgres(announce);
  const template = await postgresTemplate(binaries);
  const password = await readFile(join(template, "password"), "utf8");
  const place = memoryDirectory();
  const isOpen = !unprivilegedUser() || mayReach(place);
  const directory = await mkdtemp(join(isOpen ? place : cacheDirectory(), "meeshy-postgres-"));
  await chmod(directory, 0o711);
  await promisify(execFile)("cp", ["-Rp", join(template, "data"), join(directory, "data")]);
  const port = await freePort();
  const spec = postgresServer({
    binaries,
    dataDir: join(directory, "data"),
    port,
    password,
    settings: { ...CARELESS, max_connections: maxConnections },
  });
  const server = await runServer({ ...spec, stopSignal: "SIGQUIT" }, directory);
  const url = postgresUrl(port, password);
  const own = {
    url,
    async createDatabase(name = `test_${randomBytes(6).toString("hex")}`) {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}`).finally(() => client.end());
      return postgresUrl(port, password, name);
    },
  };
  return Object.defineProperties(own, Object.getOwnPropertyDescriptors(server)) as unknown as TestPostgres;
}

/** A cluster made once and copied for each test: initdb takes a second or two, a copy a tenth of that. */
function postgresTemplate(binaries: PostgresBinaries): Promise<string> {
  return directoryOnce(
    join(cacheDirectory(), `postgres-template-${binaries.version}-${POSTGRES_USER}`),
    async (scratch) => {
      await chmod(scratch, 0o711);
      const password = randomBytes(18).toString("base64url");
      await initPostgres({ binaries, dataDir: join(scratch, "data"), password, walSegmentMegabytes: 1 });
      await writeFile(join(scratch, "password"), password, { mode: 0o600 });
    },
  );
}

function announce(line: string): void {
  console.error(`test servers: ${line}`);
}
