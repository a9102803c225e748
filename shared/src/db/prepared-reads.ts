import type { Pool } from "pg";

/**
 * A read that stays prepared under `name` on each connection: half of what a small read costs is its plan, so this is
 * for reads whose plan does not hang on how much is asked. Values in the template are parameters. The rows are what
 * JSON makes of them, times ISO texts and every number a `number`: the database writes, and this process reads, one
 * text in place of a value for each column of each row.
 */
export type ReadPrepared = <Row>(
  name: string,
) => (sql: TemplateStringsArray, ...values: unknown[]) => Promise<Row[]>;

/** `keepsNames`: whether a prepared statement stays on its connection for the next one; behind a pooler it does not. */
export function createPreparedReads(pool: Pool, { keepsNames }: { keepsNames: boolean }): ReadPrepared {
  const texts = new WeakMap<TemplateStringsArray, string>();
  const textOf = (sql: TemplateStringsArray) => {
    const known = texts.get(sql);
    if (known !== undefined) return known;
    const read = sql.reduce((text, part, n) => `${text}$${n}${part}`);
    const text = `SELECT coalesce(json_agg(one), '[]') AS "rows" FROM (${read}) AS one`;
    texts.set(sql, text);
    return text;
  };
  return (name) =>
    async (sql, ...values) => {
      const { rows } = await pool.query({ name: keepsNames ? name : "", text: textOf(sql), values });
      return rows[0].rows;
    };
}
