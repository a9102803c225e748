import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { identify } from "../../src/servers/process-identity.ts";
import { eventually } from "../../testing/eventually.ts";
import { startNats, startPostgres } from "../../testing/servers.ts";

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query(sql).finally(() => client.end());
  return rows;
}

test("a nats-server keeps its port and its streams over a kill and a restart, and leaves nothing when stopped", async () => {
  const nats = await startNats();
  onTestFinished(() => nats.stop());
  const first = nats.pid;
  const before = await connect({ servers: nats.url });
  await (await jetstreamManager(before)).streams.add({ name: "KEPT", subjects: ["kept"] });
  await jetstream(before).publish("kept", "value");
  await before.close();

  await nats.kill();
  await nats.restart();
  expect(nats.pid).not.toBe(first);
  const after = await connect({ servers: nats.url });
  const { state } = await (await jetstreamManager(after)).streams.info("KEPT");
  expect(state.messages).toBe(1);
  await after.close();

  await nats.stop();
  expect(existsSync(nats.storeDir)).toBe(false);
  expect(identify(nats.pid)).toBeUndefined();
});

test("a PostgreSQL keeps its data over a kill and a restart, also while clients are connected", async () => {
  const postgres = await startPostgres();
  onTestFinished(() => postgres.stop());
  const url = await postgres.createDatabase("Odd name");
  await query(url, "CREATE TABLE kept (value text); INSERT INTO kept VALUES ('é')");
  const idle = new pg.Client({ connectionString: url });
  idle.on("error", () => {});
  await idle.connect();

  await postgres.kill();
  await postgres.restart();
  expect(await query(url, "SELECT upper(value) AS value FROM kept")).toEqual([{ value: "É" }]);
  await idle.end().catch(() => {});
});

test("each database is empty and has its own name", async () => {
  const postgres = await startPostgres();
  onTestFinished(() => postgres.stop());
  const [one, two] = await Promise.all([postgres.createDatabase(), postgres.createDatabase()]);
  expect(one).not.toBe(two);
  await query(one, "CREATE TABLE things ()");
  const tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'";
  expect(await query(two, tables)).toEqual([]);
  expect(await query(postgres.url, tables)).toEqual([]);
});

test("a wrong password is refused", async () => {
  const postgres = await startPostgres();
  onTestFinished(() => postgres.stop());
  const url = new URL(postgres.url);
  url.password = "wrong";
  await expect(query(url.href, "SELECT 1")).rejects.toThrow(/password authentication failed/);
});

test("servers of a test process that is killed end, and their data go", async () => {
  const script = `import { startNats, startPostgres } from ${JSON.stringify(join(import.meta.dirname, "../../testing/servers.ts"))};
    const [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
    console.log(JSON.stringify({ pids: [nats.pid, postgres.pid], storeDir: nats.storeDir }));
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", script]);
  const line = await new Promise<Buffer>((resolve) => child.stdout.once("data", resolve));
  const { pids, storeDir } = JSON.parse(line.toString());
  expect(pids.map(identify).every(Boolean)).toBe(true);
  child.kill("SIGKILL");
  await eventually(() => pids.map(identify).every((identity?: object) => !identity), {
    what: "the end of both",
  });
  await eventually(() => !existsSync(storeDir));
});
