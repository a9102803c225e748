import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { PrismaClient } from "./generated/client.ts";
import { createPreparedReads, type ReadPrepared } from "./prepared-reads.ts";

/** The typed client; raw statements of this folder go through it too. */
export interface Database extends PrismaClient {
  /** For what is read at every connect, on the client's own connections: its way to a raw statement costs twice the statement. */
  readonly read: ReadPrepared;
  readonly pool: pg.Pool;
}

export interface DatabaseOptions {
  /** most connections at once, default 10 */
  poolSize?: number;
  /** ms to wait for a connection, a busy pool included, default 5,000 */
  connectTimeoutMs?: number;
  /** ms a statement may take, default 5,000 */
  statementTimeoutMs?: number;
  /**
   * Plans each prepared statement once for all values, instead of anew for the first five on each connection: for one
   * newcomer 446 → 118 µs of PostgreSQL. Not for statements of hundreds of rows, and not behind a pooler; default: false.
   */
  plansOnce?: boolean;
  /** receives the errors of idle connections that broke; statements report their own failures */
  onConnectionLost?: (error: Error) => void;
}

/**
 * A client that fails within seconds where the database hangs: every wait is bounded, and a connection
 * whose statement failed is thrown away, so that none stays tied to a server that went silent.
 * Connects on first use, and so opens while the database is away; end it with `close(db)`.
 */
export async function openDatabase(url: string, options: DatabaseOptions = {}): Promise<Database> {
  const { poolSize = 10, connectTimeoutMs = 5_000, statementTimeoutMs = 5_000, plansOnce = false } = options;
  const settings = ["SET TIME ZONE 'UTC'"];
  if (plansOnce && !isBehindPooler(url)) settings.push("SET plan_cache_mode = force_generic_plan");
  const pool = new pg.Pool({
    connectionString: url,
    max: poolSize,
    connectionTimeoutMillis: connectTimeoutMs,
    // The server gives up first, with an error; the client's own limit is for a server that cannot.
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + 1_000,
    keepAlive: true,
    // The adapter reads and writes every time as UTC, whatever the session's zone is.
    onConnect: (client) => client.query(settings.join("; ")),
  });
  pool.on("error", (error) => options.onConnectionLost?.(error));
  const read = createPreparedReads(pool, { keepsNames: !isBehindPooler(url) });
  const client = new PrismaClient({ adapter: new PrismaPg(pool) });
  // Loads and compiles what turns queries into SQL, which takes this thread 0.2 to 0.7 s. The first query would do it, and
  // the process would stand still for as long amid the people whom it serves.
  await client.$connect();
  return Object.assign(client, { read, pool });
}

/** A pooler that deals each transaction another connection cannot keep statements prepared; Prisma's word for it in the address. */
function isBehindPooler(url: string): boolean {
  return URL.canParse(url) && new URL(url).searchParams.get("pgbouncer") === "true";
}

/** Ends the pool. Statements under way finish or time out first. */
export async function close(db: Database): Promise<void> {
  await db.$disconnect();
  await db.pool.end();
}
