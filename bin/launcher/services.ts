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
};

export function serviceUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** How to run a service: its environment is the launcher's, completed (CONTRACT 2). */
export function serviceSpec(
  kind: ServiceKind,
  index: number,
  port: number,
  around: Surroundings,
): ServerSpec {
  const name = `${kind}-${index}`;
  return {
    name,
    command: process.execPath,
    args: [join(ROOT, kind, "src/main.ts")],
    cwd: ROOT,
    // What is loaded into every process by NODE_OPTIONS can tell them apart.
    env: { ...serviceEnv(kind, port, around), MEESHY_PROCESS: name },
    stopSignal: "SIGTERM",
    isReady: () => isReady(serviceUrl(port)),
  };
}

/** Variables that are about the launcher itself, or would name one port for several services. */
const WITHHELD = ["PORT", "OPS_PORT", "MEESHY_STARTED_BY"];

/** Variables about another nats-server than the embedded one. */
const FOREIGN_NATS = ["NATS_CREDS_FILE", "NATS_TLS_CA"];

export function serviceEnv(kind: ServiceKind, port: number, around: Surroundings): NodeJS.ProcessEnv {
  const env = { ...around.env };
  for (const name of [...WITHHELD, ...(around.natsPasswords ? FOREIGN_NATS : [])]) delete env[name];
  const role = ROLES[kind];
  const password = around.natsPasswords?.[role];
  return {
    ...env,
    NATS_URL: around.natsUrl,
    ...(password ? { NATS_USER: role, NATS_PASSWORD: password } : {}),
    DATABASE_URL: around.databaseUrl,
    ...(kind === "gateway" ? gatewayEnv(port, around) : { OPS_PORT: String(port) }),
  };
}

function gatewayEnv(port: number, around: Surroundings): NodeJS.ProcessEnv {
  return {
    PORT: String(port),
    GATEWAY_PROCESSES: String(around.gatewayProcesses),
    ...(around.jwtSecret ? { JWT_SECRET: around.jwtSecret } : {}),
    ...(around.web ? { WEB_DIR: join(ROOT, WEB_OUTPUT) } : {}),
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false;
  }
}
