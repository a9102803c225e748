import type { Pool } from "pg";
import type { DatabaseRead } from "./history.ts";

interface Columns {
  id: string;
  isOnline: boolean;
  presenceEpoch: number;
  presenceVersion: string;
}

/** Reads the presence columns of everyone; rejects while the database is away. */
export async function readRows(pool: Pool): Promise<DatabaseRead> {
  const { rows } = await pool.query<Columns>(
    `SELECT id, "isOnline", "presenceEpoch", "presenceVersion" FROM "User"`,
  );
  return {
    at: performance.now(),
    rows: rows.map(({ id, isOnline, presenceEpoch, presenceVersion }) => ({
      userId: id,
      isOnline,
      epoch: presenceEpoch,
      version: Number(presenceVersion),
    })),
  };
}

/** Which of the messages have a row. */
export async function storedMessages(pool: Pool, ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await pool.query<{ id: string }>(`SELECT id FROM "Message" WHERE id = ANY($1)`, [ids]);
  return new Set(rows.map(({ id }) => id));
}

/** A line of one user's history. */
export interface Transition {
  userId: string;
  /** ms of the driver's clock, as far as it agrees with the broker's */
  at: number;
  from: string;
  to: string;
  cause: string;
  version: number;
}

/** Every line of history, in the order of the log. */
export async function readTransitions(pool: Pool): Promise<Transition[]> {
  const { rows } = await pool.query<Omit<Transition, "at" | "version"> & { at: Date; version: string }>(
    `SELECT "userId", at, "from", "to", cause, version FROM "PresenceTransition" ORDER BY epoch, version`,
  );
  return rows.map(({ at, version, ...line }) => ({
    ...line,
    at: at.getTime() - performance.timeOrigin,
    version: Number(version),
  }));
}
