import { EXTERNAL_ROLES } from "@meeshy/shared/nats/permissions";
import type { Stack } from "@meeshy/shared/servers/stack";
import { banner } from "./banner.ts";
import { makeDataDir } from "./data-dir.ts";
import { offerDemoPeople, withdrawDemoPeople } from "./demo-people.ts";
import { type Nats, planNats, planPostgres, type Server } from "./embedded-servers.ts";
import { checkEnvironment } from "./environment.ts";
import { createGatewayProcesses } from "./gateway-processes.ts";
import { ensureGeneratedClient } from "./generated-client.ts";
import { jwtSecret } from "./jwt-secret.ts";
import { takeDataDir } from "./launcher-lock.ts";
import type { Options } from "./options.ts";
import { fixedPorts, gatewayPorts } from "./ports.ts";
import { createProcesses } from "./processes.ts";
import { type Named, untilReachable } from "./reachability.ts";
import { noteRunning, tokenCommand } from "./running-stacks.ts";
import { loadSecrets, type Secrets } from "./secrets.ts";
import {
  type ServiceKind,
  type ServicePorts,
  type Surroundings,
  serviceSpec,
  serviceUrl,
} from "./services.ts";
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
/** `pids`: of the processes that hold its sockets, where it is a gateway. */
type RunningService = { url: string; opsUrl: string; process: Supervised; pids(): number[] };

/** Runs a whole stack in one data directory. `stop` may be called at any time, also while `start` is under way. */
export function createLauncher(options: Options, { env, startedBy, say, print }: LauncherDeps) {
  const { dataDir } = options;
  let currentStack: (() => Stack) | undefined;
  let giveBack: (() => void) | undefined;
  let forgetRunning: (() => void) | undefined;
  const onReplaced = () => {
    if (currentStack) writeStackFile(dataDir, currentStack());
  };
  const processes = createProcesses({ dataDir, say, print, onReplaced });

  async function start(): Promise<void> {
    await makeDataDir(dataDir);
    giveBack = await takeDataDir(dataDir, startedBy, say);
    removeStackFile(dataDir);
    await processes.endLeftovers();

    const ports = await choosePorts(options, { env, say });
    const secrets = await loadSecrets(dataDir);
    const secret = jwtSecret(env, secrets.jwtSecret);
    const { gatewayProcesses, web } = options;
    checkEnvironment({ env, jwtSecret: secret, gatewayProcesses, web });
    const [[nats, database]] = await Promise.all([startServers(secrets, ports.kept), prepareCode(options)]);
    await prepareDatabase(database.url, options.seed, say);
    const services = await startServices(ports, {
      env,
      natsUrl: nats.url,
      natsPasswords: nats.passwords,
      databaseUrl: database.url,
      jwtSecret: secret,
      gatewayProcesses,
      web,
      tokenCommand: tokenCommand("alice", dataDir),
      demoPeopleFile: offerDemoPeople({ options, env, jwtSecret: secrets.jwtSecret, now: new Date() }),
    });

    currentStack = () => describe(nats, database, services);
    writeStackFile(dataDir, currentStack());
    forgetRunning = noteRunning(dataDir);
    print(banner({ stack: currentStack(), dataDir, web: options.web, jwtSecret: secret, now: new Date() }));
    print("ready");
  }

  async function startServers(secrets: Secrets, ports: Record<string, number>) {
    const place = (port: number | undefined) => ({ dataDir, secrets, say, port: port ?? 0 });
    return Promise.all([
      startServer<Nats>("nats-server", planNats(env, place(ports.nats)), {
        variable: "NATS_URL",
        defaultPort: 4222,
      }),
      startServer<Server>("PostgreSQL", planPostgres(env, place(ports.postgres)), {
        variable: "DATABASE_URL",
        defaultPort: 5432,
      }),
    ]);
  }

  async function startServer<Plan extends Server>(
    what: string,
    planned: Promise<Plan>,
    named: Pick<Named, "variable" | "defaultPort">,
  ): Promise<RunningServer<Plan>> {
    const plan = await planned;
    if (plan.spec === undefined) {
      say(`using the ${what} of ${named.variable}`);
      await untilReachable({ ...named, url: plan.url }, say);
      return { ...plan, process: undefined };
    }
    say(`starting ${what} on ${new URL(plan.url).host}`);
    return { ...plan, process: await processes.run("servers", plan.spec) };
  }

  async function startServices(
    ports: { workers: ServicePorts[]; sweepers: ServicePorts[]; gateways: ServicePorts[] },
    around: Surroundings,
  ): Promise<Record<"workers" | "sweepers" | "gateways", RunningService[]>> {
    const all = (kind: ServiceKind, layer: "workers and sweepers" | "gateways", of: ServicePorts[]) => {
      const named = of.map(({ port }) => port).join(", ");
      say(`starting ${of.length} ${kind}${of.length === 1 ? "" : "s"} on ${named}`);
      return Promise.all(
        of.map(async (on, index): Promise<RunningService> => {
          const own = createGatewayProcesses(onReplaced);
          const process = await processes.run(layer, serviceSpec(kind, index + 1, on, around, own.take));
          const [url, opsUrl] = [serviceUrl(on.port), serviceUrl(on.opsPort ?? on.port)];
          return { url, opsUrl, process, pids: () => own.pids(process.pid) };
        }),
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
      forgetRunning?.();
      await processes.stop();
      removeStackFile(dataDir);
      withdrawDemoPeople(dataDir);
      giveBack();
    },
  };
}

/** A port for each process: services keep theirs from one start to the next. */
async function choosePorts(options: Options, { env, say }: Pick<LauncherDeps, "env" | "say">) {
  const gateways = await gatewayPorts(options.port, options.gateways);
  const workers = numbered("presence-worker", options.workers);
  const sweepers = numbered("sweeper", options.sweepers);
  const ops = env.OPS_PORT === "same" ? [] : numbered("gateway-ops", options.gateways);
  const names = [
    ...(env.NATS_URL ? [] : ["nats"]),
    ...(env.DATABASE_URL ? [] : ["postgres"]),
    ...workers,
    ...sweepers,
    ...ops,
  ];
  const kept = await fixedPorts(options.dataDir, names, gateways, say);
  const of = (name: string) => ({ port: kept[name] ?? 0 });
  return {
    gateways: gateways.map((port, index) => ({ port, opsPort: kept[ops[index] ?? ""] })),
    workers: workers.map(of),
    sweepers: sweepers.map(of),
    kept,
  };
}

async function prepareCode({ web }: Options): Promise<void> {
  await ensureGeneratedClient();
  if (web) await ensureWebBuild();
}

/** The modules load a client that is generated on the first start, so they are loaded after that. */
async function prepareDatabase(url: string, seed: boolean, say: LauncherDeps["say"]): Promise<void> {
  say(seed ? "migrating and seeding the database" : "migrating the database");
  const { migrate } = await import("@meeshy/shared/db/migrate");
  const { applied } = await migrate(url);
  if (applied.length > 0) say(`applied ${applied.join(", ")}`);
  if (!seed) return;
  const { seedDemo } = await import("@meeshy/shared/db/seed");
  const { seeded } = await seedDemo(url);
  if (seeded) say("added demo data");
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
    gateways: services.gateways.map(({ url, opsUrl, process, pids }) => ({
      ...{ url, opsUrl, pid: process.pid },
      processes: pids().map((pid) => ({ pid })),
    })),
    workers: endpoints(services.workers),
    sweepers: endpoints(services.sweepers),
    nats: { url: nats.url, pid: nats.process?.pid ?? null, credentials: credentialsOf(nats) },
    database: { url: database.url, pid: database.process?.pid ?? null },
  };
}

/** For other teams' processes; ours get theirs from the environment. */
function credentialsOf({ passwords }: Nats): Stack["nats"]["credentials"] {
  if (!passwords) return {};
  return Object.fromEntries(EXTERNAL_ROLES.map((role) => [role, { user: role, password: passwords[role] }]));
}
