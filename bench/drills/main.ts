import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { eventually } from "@meeshy/shared/testing/eventually";
import { findPrometheus, startPrometheus, type TestPrometheus } from "@meeshy/shared/testing/prometheus";
import { startNats, startPostgres } from "@meeshy/shared/testing/servers";
import { type RunningStack, startStack } from "@meeshy/shared/testing/stack";
import { ROOT } from "../../bin/launcher/root.ts";
import { measureChanges } from "../load/changes-seen.ts";
import { addLoadPeople, everyone, planLoadPeople } from "../load/people.ts";
import { DRILLS, type Drill, type Site } from "./drills.ts";

const USAGE = `npm run drills -- [--only <names>]

Breaks one part after the other of a stack of its own, under a little traffic, and prints which alert of
ops/prometheus/rules.yml fired after how long, what /health/ready of the gateways said, and when the alerts that belong to it were silent again.
Needs Prometheus (found, or unpacked from Debian's package). Takes a quarter of an hour.

drills: ${DRILLS.map(({ name }) => name).join("; ")}`;

const LONGEST_MS = 300_000;
/** After the last alert that is waited for, others may follow; without one, this long has to pass in silence. */
const LINGER_MS = 20_000;

interface Outcome {
  drill: string;
  fired: { alert: string; afterS: number }[];
  missing: readonly string[];
  ready: string;
  clearedAfterS: number;
}

const secondsSince = (at: number) => Math.round((performance.now() - at) / 1_000);

/** Those of objectives look back at five minutes and more: they say nothing of the moment. */
async function firing(prometheus: TestPrometheus): Promise<Set<string>> {
  return new Set(await prometheus.labels('ALERTS{alertstate="firing",slo=""}', "alertname"));
}

async function readiness(urls: readonly string[]): Promise<string> {
  const answers = urls.map(async (url) => {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    const { reasons = [] } = (await answer.json()) as { reasons?: string[] };
    return `${answer.status} ${reasons.map((reason) => reason.split(":")[0]).join(", ")}`.trim();
  });
  const settled = await Promise.allSettled(answers);
  return [...new Set(settled.map((one) => (one.status === "fulfilled" ? one.value : "no answer")))].join(
    "; ",
  );
}

async function run(
  { name, alerts, strike }: Drill,
  site: Site,
  prometheus: TestPrometheus,
): Promise<Outcome> {
  const urls = site.stack.gateways.map(({ url }) => url);
  // What the drill before has left behind is not of this one.
  const before = await firing(prometheus);
  const struckAt = performance.now();
  const mend = await strike(site);
  const fired = new Map<string, number>();
  let ready = "";
  let isComplete = false;
  try {
    for (let until = struckAt + LONGEST_MS; performance.now() < until; await pause(1_000)) {
      for (const alert of await firing(prometheus))
        if (!fired.has(alert) && !before.has(alert)) fired.set(alert, secondsSince(struckAt));
      if (ready === "" || ready.startsWith("200")) ready = await readiness(urls);
      if (!isComplete && alerts.every((alert) => fired.has(alert))) {
        isComplete = true;
        until = performance.now() + LINGER_MS;
      }
    }
  } finally {
    await mend();
  }
  const mendedAt = performance.now();
  // Those that count what was lost look back at a quarter of an hour.
  const isSilent = async () => (await firing(prometheus)).isDisjointFrom(new Set(alerts));
  await eventually(isSilent, { within: LONGEST_MS, every: 1_000, what: `silence after ${name}` });
  return {
    drill: name,
    fired: [...fired].map(([alert, afterS]) => ({ alert, afterS })),
    missing: alerts.filter((alert) => !fired.has(alert)),
    ready,
    clearedAfterS: secondsSince(mendedAt),
  };
}

function print({ drill, fired, missing, ready, clearedAfterS }: Outcome): void {
  const alerts = fired.map(({ alert, afterS }) => `${alert} ${afterS} s`).join(", ") || "none";
  const fault = missing.length > 0 ? ` · did not fire: ${missing.join(", ")}` : "";
  console.log(`| ${drill} | ${alerts}${fault} | ${ready} | ${clearedAfterS} s |`);
}

async function withTraffic(stack: RunningStack, work: () => Promise<boolean>): Promise<boolean> {
  const plan = planLoadPeople("drill", 10);
  await addLoadPeople(stack.read().database.url, everyone(plan));
  const tokenOf = ({ userId }: { userId: string }) => ({
    token: stack.token({ id: userId, username: userId, role: "USER" }),
  });
  // So few that their coming and going is no alert itself.
  const pairs = plan.pairs
    .slice(0, 3)
    .map(({ comes, sees }) => ({ comes: tokenOf(comes), sees: tokenOf(sees) }));
  const traffic = measureChanges(stack.urls[0] ?? "", pairs);
  try {
    await eventually(() => traffic.seen.leaves.length >= pairs.length, { within: 30_000, what: "traffic" });
    return await work();
  } finally {
    await traffic.stop();
  }
}

/** Gives the exit code: 0 when every alert that has to fire did. */
async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { only: { type: "string" }, help: { type: "boolean" } } });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const programs = await findPrometheus();
  if ("missing" in programs) throw new Error(`Prometheus cannot be had: ${programs.missing}`);
  const only = (values.only ?? "").split(",").filter(Boolean);
  const drills = DRILLS.filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));

  const [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
  const stack = await startStack({
    args: ["--gateways", "2", "--workers", "2", "--no-web"],
    env: { NATS_URL: nats.url, DATABASE_URL: postgres.url },
  });
  const hosts = (of: { url: string; opsUrl?: string }[]) =>
    of.map(({ url, opsUrl = url }) => new URL(opsUrl).host);
  const { gateways, workers, sweepers } = stack.read();
  const prometheus = await startPrometheus(programs, {
    targets: {
      "meeshy-gateway": hosts(gateways),
      "meeshy-worker": hosts(workers),
      "meeshy-sweeper": hosts(sweepers),
    },
    rules: join(ROOT, "ops/prometheus/rules.yml"),
  });
  try {
    const isRight = await withTraffic(stack, async () => {
      let isComplete = true;
      console.log(
        "| broken | alerts, after | gateways' readiness | silent after the mend |\n|---|---|---|---|",
      );
      for (const drill of drills) {
        const outcome = await run(drill, { stack: stack.read(), nats, postgres }, prometheus);
        print(outcome);
        isComplete &&= outcome.missing.length === 0;
      }
      return isComplete;
    });
    return isRight ? 0 : 1;
  } finally {
    await prometheus.stop();
    await stack.stop();
    await Promise.all([nats.stop(), postgres.stop()]);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
