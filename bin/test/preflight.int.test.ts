import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@meeshy/shared/servers/free-port";
import { createTestDatabase, type TestDatabase } from "@meeshy/shared/testing/database";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../launcher/root.ts";

let nats: TestNats;
let directory: string;
let database: TestDatabase;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "meeshy-preflight-"));
  [nats, database] = await Promise.all([startNats({ auth: true }), createTestDatabase()]);
});

afterAll(async () => {
  await Promise.all([nats.stop(), database.stop()]);
  await rm(directory, { recursive: true, force: true });
});

const good = () => ({
  NODE_ENV: "production",
  NATS_URL: nats.url,
  NATS_GATEWAY_PASSWORD: nats.passwords?.gateway ?? "",
  NATS_WORKER_PASSWORD: nats.passwords?.worker ?? "",
  NATS_SWEEPER_PASSWORD: nats.passwords?.sweeper ?? "",
  DATABASE_URL: database.url,
  JWT_SECRET: "Zk3vX9rT7bQ1mW5cY8dH2fJ6gL4nP0sA",
  JWT_AUDIENCE: "chat",
  TRUSTED_PROXIES: "1",
});

/** Runs the command on an environment file with these variables. */
async function preflight(
  variables: Record<string, string>,
  ...options: string[]
): Promise<{ code: number; output: string }> {
  const file = join(directory, "production.env");
  await writeFile(
    file,
    Object.entries(variables)
      .map(([name, value]) => `${name}="${value}"\n`)
      .join(""),
  );
  return new Promise((resolve) => {
    const args = [join(ROOT, "bin/preflight.ts"), "--env-file", file, ...options];
    execFile(process.execPath, args, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, output: stdout + stderr });
    });
  });
}

test("a deployment that is as it should be passes every line about variables and servers", async () => {
  const { code, output } = await preflight(good());

  expect(output).not.toContain("FAULT");
  expect(output).toMatch(/^(\d+) of \1 lines are as they should be, 3 not looked at$/m);
  expect(code).toBe(0);
});

test("a wrong password of one role is named with the role", async () => {
  const { code, output } = await preflight({ ...good(), NATS_WORKER_PASSWORD: "n0tTh3Pa55w0rdOfTheW0rker" });

  expect(output).toMatch(/^FAULT {3}nats: nats-server as worker: .*authorization/im);
  expect(output.match(/FAULT/g)).toHaveLength(1);
  expect(code).toBe(1);
});

test("a nats-server that is not there is reported after five seconds", async () => {
  const { code, output } = await preflight({ ...good(), NATS_URL: `nats://127.0.0.1:${await freePort()}` });

  expect(output).toMatch(/^FAULT {3}nats: nats-server as gateway: no answer within 5 s$/m);
  expect(code).toBe(1);
});

test("a database without the newest schema is named with what is missing, and is not changed", async () => {
  const empty = await createTestDatabase("nothing");
  const { code, output } = await preflight({ ...good(), DATABASE_URL: empty.url });

  expect(output).toMatch(/^FAULT {3}schema: not applied: 20260101000000_initial, .*migrate\.ts/m);
  expect(code).toBe(1);
  const client = new pg.Client({ connectionString: empty.url });
  await client.connect();
  const { rows } = await client.query(`SELECT to_regclass('"_prisma_migrations"') AS made`);
  await client.end();
  await empty.stop();
  expect(rows).toEqual([{ made: null }]);
});

test("a database that is not there fails the lines that ask it, each by itself", async () => {
  const url = `postgresql://127.0.0.1:${await freePort()}/presence`;
  const { code, output } = await preflight({ ...good(), DATABASE_URL: url });

  for (const line of ["database", "schema", "database-room", "clocks"])
    expect(output).toMatch(new RegExp(`^FAULT {3}${line}: .*ECONNREFUSED`, "m"));
  expect(code).toBe(1);
});

test("keys, directory and receiver of traces that do not answer are named", async () => {
  const nowhere = `http://127.0.0.1:${await freePort()}/`;
  const { JWT_SECRET: _, ...others } = good();
  const { code, output } = await preflight({
    ...others,
    JWT_JWKS_URL: nowhere,
    DIRECTORY_URL: nowhere,
    OTEL_EXPORTER_OTLP_ENDPOINT: nowhere,
  });

  expect(output).toMatch(/^FAULT {3}token-keys: /m);
  expect(output).toMatch(/^FAULT {3}directory: DIRECTORY_URL does not answer at /m);
  expect(output).toMatch(/^FAULT {3}traces: the receiver of traces does not answer at /m);
  expect(code).toBe(1);
});

test("of a deployment that runs, a gateway that is not ready and a Prometheus without the rules are named", async () => {
  const answers: Record<string, object> = {
    "/health/ready": { reasons: ["not-processing: 2 partitions"] },
    "/api/v1/rules": { data: { groups: [] } },
    "/api/v1/targets": { data: { activeTargets: [{ health: "up", labels: { job: "meeshy-gateway" } }] } },
  };
  const server = createServer((request, response) => {
    response.end(JSON.stringify(answers[request.url ?? ""] ?? {}));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const { code, output } = await preflight(
      good(),
      "--settings-only",
      "--gateway",
      url,
      "--prometheus",
      url,
    );

    expect(output).toMatch(/^FAULT {3}ready: http.* is not ready: not-processing: 2 partitions$/m);
    expect(output).toMatch(/^FAULT {3}alerts: http.* has not loaded ops\/prometheus\/rules\.yml$/m);
    expect(output).toMatch(/^FAULT {3}metrics: .*meeshy-worker, meeshy-sweeper$/m);
    expect(code).toBe(1);
  } finally {
    server.close();
  }
});

test("a line that does not hold on purpose is skipped; one that there is not is refused", async () => {
  const open = { ...good(), TRUSTED_PROXIES: "0" };

  expect(await preflight(open, "--settings-only")).toMatchObject({ code: 1 });
  const skipped = await preflight(open, "--settings-only", "--skip", "proxies");
  expect(skipped.output).toMatch(/^skipped proxies$/m);
  expect(skipped.code).toBe(0);
  const unknown = await preflight(open, "--skip", "proxy");
  expect(unknown.output).toMatch(/^--skip proxy: there is no such line/m);
  expect(unknown.code).toBe(1);
});
