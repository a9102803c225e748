import { z } from "zod";
import { misspelt } from "./misspelt.ts";

/** Environment of the services (CONTRACT 2): read once, at start, all faults reported at once. */

const millis = (fallback: number, min = 0) =>
  z.coerce.number().int().min(min).max(86_400_000).default(fallback);
const port = z.coerce.number().int().min(0).max(65_535);
const optional = z.string().min(1).optional();

export const connectionEnv = z.object({
  NATS_URL: z.string().min(1).default("nats://127.0.0.1:4222"),
  NATS_USER: optional,
  NATS_PASSWORD: optional,
  NATS_CREDS_FILE: optional,
  NATS_TLS_CA: optional,
  NATS_REPLICAS: z.coerce.number().int().min(1).max(5).default(1),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),
  HOST: z.string().min(1).default("127.0.0.1"),
  OTEL_EXPORTER_OTLP_ENDPOINT: optional,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: optional,
  /** of roots of traces that no viewer sees, 0 … 1 */
  OTEL_TRACES_SAMPLER_ARG: z.coerce.number().min(0).max(1).default(0.01),
});

export const databaseEnv = z.object({
  DATABASE_URL: z.string().regex(/^postgres(ql)?:\/\//, "a postgresql:// URL"),
});

/** An application's own people, in place of our tables (docs/directory.md). */
export const directoryEnv = z.object({
  DIRECTORY_URL: z.url({ protocol: /^https?$/, error: "an http(s) URL" }).optional(),
  DIRECTORY_TOKEN: optional,
});

export const opsEnv = z.object({ OPS_PORT: port.default(0) });

export const presenceEnv = z.object({
  OFFLINE_THRESHOLD_MS: millis(300_000, 1_000),
  DISCONNECT_GRACE_MS: millis(5_000),
  GATEWAY_LEASE_MS: millis(6_000, 500),
  WORKER_LEASE_MS: millis(2_000, 500),
  SWEEP_INTERVAL_MS: millis(60_000, 100),
  MULTI_DEVICE: z.enum(["allow", "replace"]).default("allow"),
  HISTORY_DAYS: z.coerce.number().int().min(0).max(3650).default(30),
});

export const portEnv = port;
export const millisEnv = millis;

/** Every faulty variable at once: name, value, what is allowed. */
export class EnvironmentError extends Error {
  constructor(faults: string[]) {
    super(`The environment is not usable:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
    this.name = "EnvironmentError";
  }
}

const SECRET = /SECRET|PASSWORD|KEY|TOKEN|DATABASE_URL/;

type Env = Record<string, string | undefined>;

const givenIn = (env: Env) =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ""));

/** Each faulty variable with its value (secrets withheld) and what is allowed; empty values count as unset. */
export function faultsIn(schema: z.ZodType, env: Env): string[] {
  const given = givenIn(env);
  const shown = (name: string) => {
    if (given[name] === undefined) return "not set";
    return SECRET.test(name) ? "(secret)" : JSON.stringify(given[name]);
  };
  const issues = schema.safeParse(given).error?.issues ?? [];
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
  return [
    ...issues.map(({ path, message }) => {
      const name = path.join(".") || "environment";
      return `${name} = ${shown(name)}: ${message}`;
    }),
    ...misspelt(Object.keys(given), known).map(
      ({ name, meant }) => `${name} = ${shown(name)}: there is no such variable; ${meant} may be meant`,
    ),
  ];
}

/**
 * Parses `env` with `schema`; empty values count as unset.
 * @throws {EnvironmentError} it names each faulty variable, and each that is called nearly like one
 */
export function parseEnv<T extends z.ZodType>(schema: T, env: Env): z.infer<T> {
  const faults = faultsIn(schema, env);
  if (faults.length > 0) throw new EnvironmentError(faults);
  return schema.parse(givenIn(env));
}

/** Parses, or prints the faults and ends the process with 1. */
export function parseEnvOrExit<T extends z.ZodType>(
  schema: T,
  env: Record<string, string | undefined>,
): z.infer<T> {
  try {
    return parseEnv(schema, env);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    console.error(error.message);
    process.exit(1);
  }
}

/** The NATS part of a parsed environment. */
export const natsConfig = (env: z.infer<typeof connectionEnv>) => ({
  url: env.NATS_URL,
  user: env.NATS_USER,
  password: env.NATS_PASSWORD,
  credsFile: env.NATS_CREDS_FILE,
  tlsCa: env.NATS_TLS_CA,
});
