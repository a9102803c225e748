import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { NATS_ROLES } from "@meeshy/shared/nats/permissions";
import { demoToken } from "@meeshy/shared/servers/demo-token";
import { freePort } from "@meeshy/shared/servers/free-port";
import { eventually } from "@meeshy/shared/testing/eventually";
import { comeAndLeave, connectStock, KINDS, type Viewer } from "./clients.ts";
import { faultsOfContainment, imageSizes } from "./containment.ts";
import { type Docker, reasonAgainstDocker, startDocker } from "./docker.ts";
import { untilAlerting, untilScraped } from "./monitoring.ts";
import { makeStandIns } from "./stand-ins.ts";

const USAGE = `npm run test:compose -- [--keep <directory>]

Builds the image and starts docker-compose.yml on a dockerd of its own: 3 gateways, 3 presence-workers, 2 sweepers, the
balancer, and Prometheus and Alertmanager of the profile for observability. People connect through the balancer by
every transport, gateways are added and taken away, and every process is restarted, while viewers look. Images of
others are stand-ins made of Debian's packages and npm's. Skipped, with the reason, where dockerd cannot start.
--keep: where images and layers stay for the next run.`;

const ROUNDS = 10;
const SERVICES = ["gateway", "presence-worker", "sweeper"] as const;
/** Eight processes start at once, on as few cores as there are. */
const HEALTHY_WITHIN_MS = 420_000;
/** Grace and a look of the sweeper: a loss that was not made good shows within this time. */
const LOSS_SHOWS_AFTER_MS = 8_000;
const SEEN_WITHIN_MS = 30_000;

const began = performance.now();
const say = (line: string) => console.log(`[${((performance.now() - began) / 1000).toFixed(0)} s] ${line}`);

interface Site extends Docker {
  url: string;
  prometheus: string;
  alertmanager: string;
  token(id: string): string;
}

const password = () => randomBytes(18).toString("base64url");

/** A container may have no more open files than this process. */
async function openFilesAllowed(): Promise<number> {
  const { stdout } = await promisify(execFile)("sh", ["-c", "ulimit -Hn"]);
  return Number.parseInt(stdout, 10) || 1_048_576;
}

/** Containers of a service, each with its state of health. */
async function containersOf(
  { docker, compose }: Docker,
  service: string,
): Promise<{ id: string; health: string }[]> {
  const ids = (await compose("ps", "-q", service)).split("\n").filter(Boolean);
  return Promise.all(
    ids.map(async (id) => ({ id, health: await docker("inspect", "-f", "{{.State.Health.Status}}", id) })),
  );
}

async function untilHealthy(
  site: Docker,
  counts: Partial<Record<(typeof SERVICES)[number], number>>,
): Promise<void> {
  for (const [service, count] of Object.entries(counts)) {
    const healthy = async () => {
      const containers = await containersOf(site, service);
      return containers.length === count && containers.every(({ health }) => health === "healthy");
    };
    await eventually(healthy, { within: HEALTHY_WITHIN_MS, every: 500, what: `${count} healthy ${service}` });
  }
}

/** Without the balancer: docker-compose would wait for the gateways' health by a time limit of its own. */
const scaled = (gateways: number) => [
  ...["up", "--detach", "--no-build"],
  ...["--scale", `gateway=${gateways}`, "--scale", "presence-worker=3", "--scale", "sweeper=2"],
  ...SERVICES,
];

async function seesThroughBalancer(site: Site): Promise<void> {
  const viewer = await connectStock(site.url, site.token("bob"), "websocket");
  const median = (times: number[]) => times.sort((a, b) => a - b)[times.length >> 1]?.toFixed(0);
  try {
    for (const kind of KINDS) {
      const times: { came: number; left: number }[] = [];
      for (let round = 0; round < ROUNDS; round++)
        times.push(await comeAndLeave(site.url, kind, { id: "alice", token: site.token("alice") }, viewer));
      const [came, left] = [times.map((time) => time.came), times.map((time) => time.left)].map(median);
      say(`${kind}: ${ROUNDS} of ${ROUNDS} seen to come (median ${came} ms) and to leave (${left} ms)`);
    }
  } finally {
    viewer.leave();
  }
}

const scrapedWith = (gateways: number) => ({
  balancer: 1,
  "meeshy-gateway": gateways,
  "meeshy-sweeper": 2,
  "meeshy-worker": 3,
});

/** Of the profile for observability what is in Debian. */
async function isMonitored(site: Site): Promise<void> {
  await site.compose("up", "--detach", "--no-build", "--no-deps", "prometheus", "alertmanager");
  await untilScraped(site.prometheus, scrapedWith(3));
  const alerts = await untilAlerting(site.prometheus, site.alertmanager);
  say(
    `Prometheus of the profile reaches 9 processes, evaluates ${alerts} alerts, and knows its Alertmanager`,
  );
}

async function isContained(site: Site): Promise<void> {
  const faults = await faultsOfContainment(site);
  if (faults.length > 0) throw new Error(faults.join("\n"));
  say(
    "every process: not root, nothing written to its image, no capability, bounded memory and logs; only the balancer can be reached from other machines",
  );
}

/** People who stay, and each of whom sees the others, while `change` happens to the stack. */
async function withoutFlap(site: Site, what: string, change: () => Promise<void>): Promise<void> {
  const people = ["alice", "bob", "carol"];
  const viewers: Viewer[] = [];
  try {
    for (const [index, id] of people.entries())
      viewers.push(await connectStock(site.url, site.token(id), index % 2 === 0 ? "websocket" : "upgrade"));
    const everyoneSeen = () =>
      viewers.every((viewer, at) =>
        people.every((id, other) => other === at || (viewer.isConnected() && viewer.isOnline(id) === true)),
      );
    await eventually(everyoneSeen, { within: SEEN_WITHIN_MS, what: "everyone seen online" });
    const before = viewers.map(({ statuses }) => statuses.length);
    await change();
    await eventually(everyoneSeen, { within: SEEN_WITHIN_MS, what: `everyone connected after: ${what}` });
    await pause(LOSS_SHOWS_AFTER_MS);
    const flaps = viewers.flatMap(({ statuses }, at) =>
      statuses.slice(before[at]).filter(({ isOnline }) => !isOnline),
    );
    if (flaps.length > 0)
      throw new Error(
        `${what}: seen to leave: ${flaps.map(({ userId, cause }) => `${userId} (${cause})`).join(", ")}`,
      );
    say(`${what}: no one of ${people.length} was seen to leave by another`);
  } finally {
    for (const viewer of viewers) viewer.leave();
  }
}

/** One container after the other, each healthy again before the next. */
async function restartEach(site: Site, service: (typeof SERVICES)[number], count: number): Promise<void> {
  for (const { id } of await containersOf(site, service)) {
    await site.docker("restart", "--time", "15", id);
    await untilHealthy(site, { [service]: count });
  }
}

async function exercise(site: Site): Promise<void> {
  say("building the image");
  await site.compose("build", "gateway");
  say((await imageSizes(site)).join("; "));
  await site.compose(...scaled(3));
  await untilHealthy(site, { gateway: 3, "presence-worker": 3, sweeper: 2 });
  await site.compose("up", "--detach", "--no-build", "--no-deps", "balancer");
  await site.compose("run", "--rm", "migrate", "node", "bin/migrate.ts", "--seed");
  say("3 gateways, 3 presence-workers and 2 sweepers are healthy");

  await seesThroughBalancer(site);
  await isMonitored(site);
  await isContained(site);
  await withoutFlap(site, "one gateway more", async () => {
    await site.compose(...scaled(4));
    await untilHealthy(site, { gateway: 4 });
  });
  await withoutFlap(site, "two gateways less", async () => {
    await site.compose(...scaled(2));
    await untilHealthy(site, { gateway: 2 });
  });
  await withoutFlap(site, "two gateways restarted, one after the other", () =>
    restartEach(site, "gateway", 2),
  );
  await withoutFlap(site, "three presence-workers restarted", () => restartEach(site, "presence-worker", 3));
  await withoutFlap(site, "two sweepers restarted", () => restartEach(site, "sweeper", 2));
  await untilScraped(site.prometheus, scrapedWith(2));
  say("Prometheus reaches those that are left, and no others");
}

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { keep: { type: "string" }, help: { type: "boolean" } } });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const reason = await reasonAgainstDocker();
  if (reason) {
    console.log(`skipped: ${reason}`);
    return 0;
  }
  const secret = password() + password();
  const [port, prometheus, alertmanager] = [await freePort(), await freePort(), await freePort()];
  const env = {
    PORT: String(port),
    PROMETHEUS_PORT: String(prometheus),
    ALERTMANAGER_PORT: String(alertmanager),
    OPEN_FILES: String(await openFilesAllowed()),
    JWT_SECRET: secret,
    POSTGRES_PASSWORD: password(),
    ...Object.fromEntries(NATS_ROLES.map((role) => [`NATS_${role.toUpperCase()}_PASSWORD`, password()])),
  };
  const docker = await startDocker(env, values.keep).catch((error) => {
    console.log(`skipped: ${error instanceof Error ? error.message : error}`);
    return undefined;
  });
  if (!docker) return 0;
  // dockerd ends its containers itself, when it is given the time.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => docker.stop().finally(() => process.exit(1)));
  const token = (id: string) => demoToken({ id, username: id, role: "USER" }, secret, new Date());
  try {
    await makeStandIns(docker, say);
    const at = (on: number) => `http://127.0.0.1:${on}`;
    await exercise({
      ...docker,
      ...{ url: at(port), prometheus: at(prometheus), alertmanager: at(alertmanager), token },
    });
    return 0;
  } catch (error) {
    const logs = await docker.compose("logs", "--no-color", "--tail", "30").catch(() => "");
    console.error(logs);
    throw error;
  } finally {
    await docker
      .compose("down", "--volumes", "--timeout", "15")
      .catch((error) => console.error(error.message));
    await docker.stop();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
