import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "@meeshy/shared/testing/eventually";
import { findPrometheus, startPrometheus, type TestPrometheus } from "@meeshy/shared/testing/prometheus";
import { openRawClient, type RawClient } from "@meeshy/shared/testing/raw-client";
import type { RunningStack } from "@meeshy/shared/testing/stack";
import { startTestStack } from "@meeshy/shared/testing/test-stack";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { addLoadPeople, everyone, planLoadPeople } from "../bench/load/people.ts";

/** Dashboards on a real stack and a real Prometheus: no panel is empty, no expression fails. */

const ROOT = join(import.meta.dirname, "..");
const programs = await findPrometheus();
const why = "missing" in programs ? ` (skipped: no Prometheus: ${programs.missing.split("\n")[0]})` : "";

const dashboardSchema = z.object({
  uid: z.string().startsWith("meeshy-"),
  title: z.string(),
  templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.literal("datasource") })) }),
  panels: z.array(
    z.object({
      id: z.number(),
      title: z.string(),
      type: z.enum(["stat", "timeseries"]),
      datasource: z.object({ type: z.literal("prometheus"), uid: z.literal(`\${datasource}`) }),
      gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
      targets: z.array(z.object({ refId: z.string(), expr: z.string() })).min(1),
    }),
  ),
});
const dashboards = globSync("ops/grafana/dashboards/*.json", { cwd: ROOT })
  .sort()
  .map((file) => dashboardSchema.parse(JSON.parse(readFileSync(join(ROOT, file), "utf8"))));

test("there is a dashboard for each subject, each panel with a place of its own", () => {
  expect(dashboards.map(({ uid }) => uid.slice("meeshy-".length)).sort()).toEqual([
    "latency",
    "live-status",
    "storage",
    "storms",
    "workers-and-partitions",
    "zombies-and-maintenance",
  ]);
  for (const { panels } of dashboards)
    expect(new Set(panels.map(({ gridPos: { x, y } }) => `${x} ${y}`)).size).toBe(panels.length);
});

describe.skipIf(why)(`every panel shows something${why}`, () => {
  const plan = planLoadPeople("boards", 10);
  let stack: RunningStack;
  let prometheus: TestPrometheus;
  let connected: RawClient[] = [];

  beforeAll(async () => {
    if ("missing" in programs) return;
    stack = await startTestStack({
      args: ["--gateways", "2", "--workers", "2", "--no-web"],
      env: {
        DISCONNECT_GRACE_MS: "300",
        PING_INTERVAL_MS: "1500",
        PING_TIMEOUT_MS: "2500",
        SWEEP_INTERVAL_MS: "1000",
        CANARY_INTERVAL_S: "5",
      },
    });
    await addLoadPeople(stack.read().database.url, everyone(plan));
    const { gateways, workers, sweepers } = stack.read();
    const hosts = (of: { url: string; opsUrl?: string }[]) =>
      of.map(({ url, opsUrl = url }) => new URL(opsUrl).host);
    prometheus = await startPrometheus(programs, {
      targets: {
        "meeshy-gateway": hosts(gateways),
        "meeshy-worker": hosts(workers),
        "meeshy-sweeper": hosts(sweepers),
      },
      rules: join(ROOT, "ops/prometheus/rules.yml"),
    });
    await eventually(async () => (await prometheus.query("count(up == 1)"))[0] === 5);
    await killWorker();
    connected = await driveTraffic();
  });
  afterAll(async () => {
    for (const client of connected) client.vanish();
    await prometheus?.stop();
    await stack?.stop();
  });

  /** The other one takes its partitions over; the launcher starts it again. */
  async function killWorker(): Promise<void> {
    const before = (await prometheus.query("sum(meeshy_takeover_seconds_count)"))[0] ?? 0;
    process.kill(stack.read().workers[0]?.pid ?? 0, "SIGKILL");
    await eventually(
      async () =>
        ((await prometheus.query("max(meeshy_takeover_seconds_count)"))[0] ?? 0) > before / 2 &&
        (await prometheus.query("sum(meeshy_partitions_owned)"))[0] === 64,
      { what: "a takeover" },
    );
  }

  /** People who stay and are active, one who leaves, and one whose client falls silent. */
  async function driveTraffic(): Promise<RawClient[]> {
    const clients = plan.users.map(({ userId }, n) =>
      openRawClient({
        url: stack.urls[n % 2] ?? "",
        auth: { token: stack.token({ id: userId, username: userId, role: "USER" }) },
      }),
    );
    await Promise.all(clients.map(({ connected }) => connected));
    await Promise.all(clients.map((client) => client.request("activity")));
    clients[0]?.leave();
    clients[1]?.freeze();
    await eventually(
      async () => ((await prometheus.query("sum(meeshy_zombies_cleaned_total)"))[0] ?? 0) > 0,
      {
        what: "a cleaned zombie",
      },
    );
    return clients;
  }

  const expressions = dashboards.flatMap(({ title, panels }) =>
    panels.flatMap((panel) =>
      panel.targets.map(({ expr }): [string, string] => [`${title}: ${panel.title}`, expr]),
    ),
  );
  test.each(expressions)("%s: %s", async (_, expr) => {
    const values = () => prometheus.query(expr.replaceAll("$__rate_interval", "1m"));
    // Recorded figures of five minutes follow soon after the first scrapes.
    await eventually(async () => (await values()).some(Number.isFinite), { what: expr });
  });

  test("no alert fires in a stack that is right", async () => {
    expect(await prometheus.query('ALERTS{alertstate="firing"}')).toEqual([]);
  });
});
