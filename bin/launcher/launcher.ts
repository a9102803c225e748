import { GUEST_ROLES } from "@meeshy/shared/nats/permissions";
import type { Stack } from "@meeshy/shared/servers/stack";
import { banner } from "./banner.ts";
import { makeDataDir } from "./data-dir.ts";
import { type Nats, planNats, planPostgres, type Server } from "./embedded-servers.ts";
import { ensureGeneratedClient } from "./generated-client.ts";
import { jwtSecret } from "./jwt-secret.ts";
import { takeDataDir } from "./launcher-lock.ts";
import type { Options } from "./options.ts";
import { fixedPorts, gatewayPorts } from "./ports.ts";
import { createProcesses } from "./processes.ts";
import { loadSecrets, type Secrets } from "./secrets.ts";
import { type ServiceKind, type Surroundings, serviceSpec, serviceUrl } from "./services.ts";
import { removeStackFile, writeStackFile } from "./stack-file.ts";
import type { Supervised } from "./supervisor.ts";
import { ensureWebBuild } from "./web-build.ts";

export type LauncherDeps = {
  env: NodeJS.ProcessEnv;
  /** Processes between the person and this one. */
  startedBy: number[];
  /** Prints progress. */
  say(line: string): void;
  /** Prints a line as it is. */
  print(line: string): void;
};

type RunningServer<Plan extends Server> = Plan & { process: Supervised | undefined };
type RunningService = { url: string; process: Supervised };

/** Runs a whole stack in one data directory. `stop` may be called at any time, also while `start` is under way. */
export function createLauncher(options: Options, { env, startedBy, say, print }: LauncherDeps) {
  const { dataDir } = options;
  let currentStack: (() => Stack) | undefined;
  let giveBack: (() => void) | undefined;
  const processes = createProcesses({
    dataDir,
    say,
    print,
    onReplaced: () => {
      if (currentStack) writeStackFile(dataDir, currentStack());
    },
  });

  async function start(): Promise<void> {
    await makeDataDir(dataDir);
    giveBack = await takeDataDir(dataDir, startedBy, say);
    removeStackFile(dataDir);
    await processes.endLeftovers();

    const ports = await choosePorts();
    const secrets = await loadSecrets(dataDir);
    const secret = jwtSecret(env, secrets.jwtSecret);
    const [[nats, database]] = await Promise.all([startServers(secrets, ports.kept), prepareCode()]);
    await prepareDatabase(database.url);
    const services = await startServices(ports, {
      env,
      natsUrl: nats.url,
      natsPasswords: nats.passwords,
      databaseUrl: database.url,
      jwtSecret: secret,
      gatewayProcesses: options.gatewayProcesses,
      web: options.web,
    });

    currentStack = () => describe(nats, database, services);
    writeStackFile(dataDir, currentStack());
    print(banner({ stack: currentStack(), dataDir, web: options.web, jwtSecret: secret, now: new Date() }));
    print("ready");
  }

  async function choosePorts() {
    const gateways = await gatewayPorts(options.port, options.gateways);
    const workers = numbered("presence-worker", options.workers);
    const sweepers = numbered("sweeper", options.sweepers);
    const names = [
      ...(env.NATS_URL ? [] : ["nats"]),
      ...(env.DATABASE_URL ? [] : ["postgres"]),
      ...workers,
      ...sweepers,
    ];
    const kept = await fixedPorts(dataDir, names, gateways, say);
    const of = (name: string) => kept[name] ?? 0;
    return { gateways, workers: workers.map(of), sweepers: sweepers.map(of), kept };
  }

  async function startServers(secrets: Secrets, ports: Record<string, number>) {
    const place = (port: number | undefined) => ({ dataDir, secrets, say, port: port ?? 0 });
    return Promise.all([
      startServer<Nats>("nats-server", planNats(env, place(ports.nats))),
      startServer<Server>("PostgreSQL", planPostgres(env, place(ports.postgres))),
    ]);
  }

  async function startServer<Plan extends Server>(
    what: string,
    planned: Promise<Plan>,
  ): Promise<RunningServer<Plan>> {
    const plan = await planned;
    const host = new URL(plan.url).host;
    say(plan.spec ? `starting ${what} on ${host}` : `using ${what} at ${host}`);
    return { ...plan, process: plan.spec && (await processes.run("servers", plan.spec)) };
  }

  async function prepareCode(): Promise<void> {
    await ensureGeneratedClient();
    if (options.web) await ensureWebBuild();
  }

  /** The modules load a client that is generated on the first start, so they are loaded after that. */
  async function prepareDatabase(url: string): Promise<void> {
    say(options.seed ? "migrating and seeding the database" : "migrating the database");
    const { migrate } = await import("@meeshy/shared/db/migrate");
    const { applied } = await migrate(url);
    if (applied.length > 0) say(`applied ${applied.join(", ")}`);
    if (!options.seed) return;
    const { seedDemo } = await import("@meeshy/shared/db/seed");
    const { seeded } = await seedDemo(url);
    if (seeded) say("added demo data");
  }

  async function startServices(
    ports: { workers: number[]; sweepers: number[]; gateways: number[] },
    around: Surroundings,
  ): Promise<Record<"workers" | "sweepers" | "gateways", RunningService[]>> {
    const all = (kind: ServiceKind, layer: "workers and sweepers" | "gateways", of: number[]) => {
      say(`starting ${of.length} ${kind}${of.length === 1 ? "" : "s"} on ${of.join(", ")}`);
      const specs = of.map((port, index) => ({ port, spec: serviceSpec(kind, index + 1, port, around) }));
      return Promise.all(
        specs.map(async ({ port, spec }) => ({
          url: serviceUrl(port),
          process: await processes.run(layer, spec),
        })),
      );
    };
    const [workers, sweepers, gateways] = await Promise.all([
      all("presence-worker", "workers and sweepers", ports.workers),
      all("sweeper", "workers and sweepers", ports.sweepers),
      all("gateway", "gateways", ports.gateways),
    ]);
    return { workers, sweepers, gateways };
  }

  return {
    start,
    async stop(): Promise<void> {
      // Without the data directory nothing was started, and what runs in it is another launcher's.
      if (!giveBack) return;
      say("stopping");
      currentStack = undefined;
      await processes.stop();
      removeStackFile(dataDir);
      giveBack();
    },
  };
}

function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${index + 1}`);
}

function describe(
  nats: RunningServer<Nats>,
  database: RunningServer<Server>,
  services: Record<"workers" | "sweepers" | "gateways", RunningService[]>,
): Stack {
  const endpoints = (of: RunningService[]) => of.map(({ url, process }) => ({ url, pid: process.pid }));
  return {
    gateways: endpoints(services.gateways),
    workers: endpoints(services.workers),
    sweepers: endpoints(services.sweepers),
    nats: { url: nats.url, pid: nats.process?.pid ?? null, credentials: credentialsOf(nats) },
    database: { url: database.url, pid: database.process?.pid ?? null },
  };
}

/** For other teams' processes; ours are told theirs. */
function credentialsOf({ passwords }: Nats): Stack["nats"]["credentials"] {
  if (!passwords) return {};
  return Object.fromEntries(GUEST_ROLES.map((role) => [role, { user: role, password: passwords[role] }]));
}
