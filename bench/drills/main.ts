import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  findAlertmanager,
  startAlertmanager,
  type TestAlertmanager,
} from "@meeshy/shared/testing/alertmanager";
import { eventually } from "@meeshy/shared/testing/eventually";
import { findPrometheus, startPrometheus, type TestPrometheus } from "@meeshy/shared/testing/prometheus";
import { startNats, startPostgres } from "@meeshy/shared/testing/servers";
import { type RunningStack, startStack } from "@meeshy/shared/testing/stack";
import { parse } from "yaml";
import { ROOT } from "../../bin/launcher/root.ts";
import { measureChanges } from "../load/changes-seen.ts";
import { addLoadPeople, everyone, planLoadPeople } from "../load/people.ts";
import { DRILLS, type Drill, type Site } from "./drills.ts";

const USAGE = `npm run drills -- [--only <names>]

Breaks one part after the other of a stack of its own, under a little traffic, and prints which alert of
ops/prometheus/rules.yml fired after how long and when Alertmanager, by ops/observability/alertmanager.yml, delivered it
to its receiver; what each /health/ready said; and when the alerts that belong to it were delivered as resolved.
Needs Prometheus and Alertmanager (found, or unpacked from Debian's packages). Takes a quarter of an hour.

drills: ${DRILLS.map(({ name }) => name).join("; ")}`;

const LONGEST_MS = 300_000;
/** After the last alert that is waited for, others may follow; without one, this long has to pass in silence. */
const LINGER_MS = 20_000;

interface Monitoring {
  prometheus: TestPrometheus;
  alertmanager: TestAlertmanager;
}

interface Outcome {
  drill: string;
  /** `deliveredS`: undefined where Alertmanager has held it back */
  alerts: { alert: string; firedS: number; deliveredS: number | undefined }[];
  missing: readonly string[];
  ready: string;
  resolvedS: number;
}

const secondsSince = (at: number) => Math.round((performance.now() - at) / 1_000);

/** Those of objectives look back at five minutes and more: they say nothing of the moment. */
async function firing(prometheus: TestPrometheus): Promise<Set<string>> {
  return new Set(await prometheus.labels('ALERTS{alertstate="firing",slo=""}', "alertname"));
}

/** Names of the alerts whose last notification says that they fire. */
function deliveredAsFiring({ delivered }: TestAlertmanager): Set<string> {
  // One for each instance and reason; each comes again with its group.
  const last = new Map(delivered.map((alert) => [JSON.stringify(alert.labels), alert]));
  const stillFiring = [...last.values()].filter(({ status }) => status === "firing");
  return new Set(stillFiring.map(({ labels }) => labels.alertname ?? ""));
}

async function readinessOf(urls: readonly string[]): Promise<string> {
  const answers = urls.map(async (url) => {
    const answer = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
    const { reasons = [] } = (await answer.json()) as { reasons?: string[] };
    return `${answer.status} ${reasons.map((reason) => reason.split(":")[0]).join(", ")}`.trim();
  });
  const settled = await Promise.allSettled(answers);
  const said = settled.map((one) => (one.status === "fulfilled" ? one.value : "no answer"));
  return [...new Set(said)].join(" and ");
}

/** What /health/ready of each kind of process says; once it was not 200, that stays. */
function createReadiness({ gateways, workers, sweepers }: Site["stack"]) {
  const urls = Object.entries({ gateways, workers, sweepers }).map(
    ([kind, of]) => [kind, of.map(({ url }) => url)] as const,
  );
  const said = new Map<string, string>();
  return {
    async look(): Promise<void> {
      await Promise.all(
        urls.map(async ([kind, of]) => {
          if ((said.get(kind) ?? "200") === "200") said.set(kind, await readinessOf(of));
        }),
      );
    },
    text: () => urls.map(([kind]) => `${kind}: ${said.get(kind)}`).join("; "),
  };
}

async function run(
  { name, alerts, strike }: Drill,
  site: Site,
  { prometheus, alertmanager }: Monitoring,
): Promise<Outcome> {
  const readiness = createReadiness(site.stack);
  // What the drill before has left behind is not of this one.
  const before = (await firing(prometheus)).union(deliveredAsFiring(alertmanager));
  const struckAt = performance.now();
  const mend = await strike(site);
  const [fired, delivered] = [new Map<string, number>(), new Map<string, number>()];
  const note = (names: Set<string>, into: Map<string, number>) => {
    for (const alert of names.difference(before))
      if (!into.has(alert)) into.set(alert, secondsSince(struckAt));
  };
  let isComplete = false;
  try {
    for (let until = struckAt + LONGEST_MS; performance.now() < until; await pause(1_000)) {
      note(await firing(prometheus), fired);
      note(deliveredAsFiring(alertmanager), delivered);
      await readiness.look();
      if (!isComplete && alerts.every((alert) => delivered.has(alert))) {
        isComplete = true;
        until = performance.now() + LINGER_MS;
      }
    }
  } finally {
    await mend();
  }
  const mendedAt = performance.now();
  // Those that count what was lost look back at a quarter of an hour.
  const isSilent = async () =>
    (await firing(prometheus)).union(deliveredAsFiring(alertmanager)).isDisjointFrom(new Set(alerts));
  await eventually(isSilent, { within: LONGEST_MS, every: 1_000, what: `silence after ${name}` });
  return {
    drill: name,
    alerts: [...fired].map(([alert, firedS]) => ({ alert, firedS, deliveredS: delivered.get(alert) })),
    missing: alerts.filter((alert) => !delivered.has(alert)),
    ready: readiness.text(),
    resolvedS: secondsSince(mendedAt),
  };
}

function print({ drill, alerts, missing, ready, resolvedS }: Outcome): void {
  const text = alerts
    .map(
      ({ alert, firedS, deliveredS }) =>
        `${alert} ${firedS} s (${deliveredS === undefined ? "held back" : `${deliveredS} s`})`,
    )
    .join(", ");
  const fault = missing.length > 0 ? ` · not delivered: ${missing.join(", ")}` : "";
  console.log(
    `| ${drill} | ${text || "none"}${fault} | ${ready} | ${alerts.length > 0 ? `${resolvedS} s` : ""} |`,
  );
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
  const [forRules, forAlerts] = await Promise.all([findPrometheus(), findAlertmanager()]);
  if ("missing" in forRules) throw new Error(`Prometheus cannot be had: ${forRules.missing}`);
  if ("missing" in forAlerts) throw new Error(`Alertmanager cannot be had: ${forAlerts.missing}`);
  const only = (values.only ?? "").split(",").filter(Boolean);
  const drills = DRILLS.filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));

  const [nats, postgres] = await Promise.all([startNats(), startPostgres()]);
  const stack = await startStack({
    args: ["--gateways", "2", "--workers", "2", "--no-web"],
    env: { NATS_URL: nats.url, DATABASE_URL: postgres.url, CANARY_INTERVAL_S: "15" },
  });
  const hosts = (of: { url: string; opsUrl?: string }[]) =>
    of.map(({ url, opsUrl = url }) => new URL(opsUrl).host);
  const { gateways, workers, sweepers } = stack.read();
  const alertmanager = await startAlertmanager(
    forAlerts,
    parse(readFileSync(join(ROOT, "ops/observability/alertmanager.yml"), "utf8")),
  );
  const prometheus = await startPrometheus(forRules, {
    targets: {
      "meeshy-gateway": hosts(gateways),
      "meeshy-worker": hosts(workers),
      "meeshy-sweeper": hosts(sweepers),
    },
    rules: join(ROOT, "ops/prometheus/rules.yml"),
    alertmanager: alertmanager.host,
  });
  try {
    const isRight = await withTraffic(stack, async () => {
      let isComplete = true;
      console.log(
        "| broken | alerts: fired (delivered) after | readiness | delivered as resolved, after the mend |\n|---|---|---|---|",
      );
      for (const drill of drills) {
        const outcome = await run(
          drill,
          { stack: stack.read(), nats, postgres },
          { prometheus, alertmanager },
        );
        print(outcome);
        isComplete &&= outcome.missing.length === 0;
      }
      return isComplete;
    });
    return isRight ? 0 : 1;
  } finally {
    await prometheus.stop();
    await alertmanager.stop();
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
