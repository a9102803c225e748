import { join } from "node:path";
import type { NatsRole } from "@meeshy/shared/nats/permissions";
import type { ServerSpec } from "@meeshy/shared/servers/server-process";
import { ROOT } from "./root.ts";
import { WEB_OUTPUT } from "./web-build.ts";

export type ServiceKind = "gateway" | "presence-worker" | "sweeper";

const ROLES: Record<ServiceKind, NatsRole> = {
  gateway: "gateway",
  "presence-worker": "worker",
  sweeper: "sweeper",
};

/** What the services of one stack have in common. */
export type Surroundings = {
  /** The launcher's environment, which goes on to the services. */
  env: NodeJS.ProcessEnv;
  natsUrl: string;
  /** Passwords of the embedded nats-server; another one's credentials come with the environment. */
  natsPasswords: Record<NatsRole, string> | undefined;
  databaseUrl: string;
  jwtSecret: string | undefined;
  gatewayProcesses: number;
  web: boolean;
  /** what the page says to type for a token */
  tokenCommand?: string;
  /** whom the page offers to sign in as, where it may */
  demoPeopleFile?: string | undefined;
};

export function serviceUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** `opsPort`: of a gateway, where it has one for operators apart from its public one. */
export interface ServicePorts {
  port: number;
  opsPort?: number | undefined;
}

/** How to run a service: its environment is the launcher's, completed (CONTRACT 2). */
export function serviceSpec(
  kind: ServiceKind,
  index: number,
  { port, opsPort }: ServicePorts,
  around: Surroundings,
  onReport: (report: unknown) => void,
): ServerSpec {
  const name = `${kind}-${index}`;
  return {
    name,
    command: process.execPath,
    args: [join(ROOT, kind, "src/main.ts")],
    cwd: ROOT,
    // What is loaded into every process by NODE_OPTIONS can tell them apart.
    env: { ...serviceEnv(kind, { port, opsPort }, around), MEESHY_PROCESS: name },
    stopSignal: "SIGTERM",
    isReady: () => isReady(serviceUrl(port), kind),
    // Only the primary of several processes has something to report.
    ...(kind === "gateway" && around.gatewayProcesses > 1 ? { onReport } : {}),
  };
}

/** Variables that are about the launcher itself, would name one port for several services, or are its own to give. */
const WITHHELD = ["PORT", "OPS_PORT", "MEESHY_STARTED_BY", "MEESHY_STACKS", "DEMO_PEOPLE_FILE"];

/** Variables about another nats-server than the embedded one. */
const FOREIGN_NATS = ["NATS_CREDS_FILE", "NATS_TLS_CA"];

export function serviceEnv(
  kind: ServiceKind,
  { port, opsPort }: ServicePorts,
  around: Surroundings,
): NodeJS.ProcessEnv {
  const env = { ...around.env };
  for (const name of [...WITHHELD, ...(around.natsPasswords ? FOREIGN_NATS : [])]) delete env[name];
  const role = ROLES[kind];
  const password = around.natsPasswords?.[role];
  return {
    ...env,
    NATS_URL: around.natsUrl,
    ...(password ? { NATS_USER: role, NATS_PASSWORD: password } : {}),
    DATABASE_URL: around.databaseUrl,
    ...(kind === "gateway" ? gatewayEnv({ port, opsPort }, around) : { OPS_PORT: String(port) }),
  };
}

function gatewayEnv({ port, opsPort }: ServicePorts, around: Surroundings): NodeJS.ProcessEnv {
  return {
    PORT: String(port),
    OPS_PORT: opsPort === undefined ? "same" : String(opsPort),
    GATEWAY_PROCESSES: String(around.gatewayProcesses),
    ...(around.jwtSecret ? { JWT_SECRET: around.jwtSecret } : {}),
    ...(around.web ? { WEB_DIR: join(ROOT, WEB_OUTPUT) } : {}),
    ...(around.tokenCommand ? { TOKEN_COMMAND: around.tokenCommand } : {}),
    ...(around.demoPeopleFile ? { DEMO_PEOPLE_FILE: around.demoPeopleFile } : {}),
  };
}

async function isReady(url: string, kind: ServiceKind): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(1_000) });
    const { reasons = [] } = (await response.json()) as { reasons?: string[] };
    // A sweeper that gives gateways of before its start time to come back runs as it should.
    const isPaused = kind === "sweeper" && reasons.every((reason) => reason.startsWith("paused: "));
    return response.status === 200 || (isPaused && reasons.length > 0);
  } catch {
    return false;
  }
}
