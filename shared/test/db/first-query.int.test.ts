import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createTestDatabase } from "@meeshy/shared/testing/database";
import { expect, test } from "vitest";
import { close, openDatabase } from "../../src/db/client.ts";

/** What a new process compiles of WebAssembly by opening a client, and with the first query. */
const PROCESS = `
  import { close, openDatabase } from ${JSON.stringify(new URL("../../src/db/client.ts", import.meta.url).href)};
  let compiled = 0;
  WebAssembly.Module = class extends WebAssembly.Module {
    constructor(bytes) {
      super(bytes);
      compiled++;
    }
  };
  const db = await openDatabase(process.argv[1]);
  const byOpening = compiled;
  const people = await db.user.count();
  console.log(JSON.stringify({ byOpening, byQuery: compiled - byOpening, people }));
  await close(db);
`;

test("nothing is left to be loaded and compiled by the first query of a process", async () => {
  const database = await createTestDatabase();
  try {
    const given = ["--input-type=module", "--eval", PROCESS, database.url];
    const { stdout } = await promisify(execFile)(process.execPath, given);
    expect(JSON.parse(stdout)).toEqual({ byOpening: 1, byQuery: 0, people: 0 });
  } finally {
    await database.stop();
  }
});

test("a client is opened while its database is away", async () => {
  const db = await openDatabase("postgresql://none:none@127.0.0.1:1/none", { connectTimeoutMs: 1_000 });
  await expect(db.user.findMany()).rejects.toThrow(/reach/i);
  await close(db);
});
