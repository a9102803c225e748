import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "./generated/client.ts";

/** The typed client; raw statements of this folder go through it too. */
export type Database = PrismaClient;

export interface DatabaseOptions {
  /** most connections at once, default 10 */
  poolSize?: number;
  /** ms to wait for a connection, a busy pool included, default 5,000 */
  connectTimeoutMs?: number;
  /** ms a statement may take, default 5,000 */
  statementTimeoutMs?: number;
  /** hears of idle connections that broke; statements report their own failures */
  onConnectionLost?: (error: Error) => void;
}

/**
 * A client that fails within seconds where the database hangs: every wait is bounded, and a connection
 * whose statement failed is thrown away, so that none stays tied to a server that went silent.
 * Connects on first use; end it with `close(db)`.
 */
export function createDatabase(url: string, options: DatabaseOptions = {}): Database {
  const { poolSize = 10, connectTimeoutMs = 5_000, statementTimeoutMs = 5_000 } = options;
  const adapter = new PrismaPg(
    {
      connectionString: url,
      max: poolSize,
      connectionTimeoutMillis: connectTimeoutMs,
      // The server gives up first and says so; the client's own limit is for a server that cannot.
      statement_timeout: statementTimeoutMs,
      query_timeout: statementTimeoutMs + 1_000,
      keepAlive: true,
      // The adapter reads and writes every time as UTC, whatever the session's zone says.
      onConnect: (client) => client.query("SET TIME ZONE 'UTC'"),
    },
    {
      onPoolError: (error) => options.onConnectionLost?.(error),
      ...(isBehindPooler(url) ? {} : { statementNameGenerator: nameOf }),
    },
  );
  return new PrismaClient({ adapter });
}

/**
 * Statements that begin with such a comment are planned once a connection, under the name that it gives: half of
 * what a small read costs is its plan. Only for reads whose plan does not hang on how much is asked.
 */
const PREPARED = /^\s*\/\* prepared: (\w+) \*\//;
const nameOf = ({ sql }: { sql: string }): string => PREPARED.exec(sql)?.[1] ?? "";

/** A pooler that deals each transaction another connection cannot keep statements prepared; Prisma's word for it in the address. */
function isBehindPooler(url: string): boolean {
  return URL.canParse(url) && new URL(url).searchParams.get("pgbouncer") === "true";
}

/** Ends the pool. Statements under way finish or time out first. */
export const close = (db: Database): Promise<void> => db.$disconnect();
