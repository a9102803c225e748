import {
  connectionEnv,
  databaseEnv,
  directoryEnv,
  millisEnv,
  portEnv,
  presenceEnv,
} from "@meeshy/shared/runtime/env";
import { z } from "zod";
import { createVerificationKey } from "./auth/verification-key.ts";
import type { RateConfig } from "./limits/limits.ts";

/** The gateway's environment (CONTRACT 2). */

const text = z.string().min(1).optional();
const SECRET_MIN_LENGTH = 32;

const origins = z
  .string()
  .default("")
  .transform((list) =>
    list
      .split(",")
      .map((origin) => origin.trim())
      .filter(Boolean),
  );

/** Occurrences a minute; 0: any number. */
const perMinute = (fallback: number) => z.coerce.number().int().min(0).max(10_000_000).default(fallback);

const PROCESSES_MAX = 64;
const processes = `a whole number from 1 to ${PROCESSES_MAX}`;

/** Of the 150 ms that a clean leave may take (CONTRACT 9), the way to the viewers needs the rest (ADR 0021). */
const LEAVE_HELD_MS = 60;

const OPS_PORT_DEFAULT = 9_464;
const opsPort = "a port, 0 for any free one, or same: that of PORT";

export const gatewayEnv = z
  .object({
    ...connectionEnv.shape,
    ...databaseEnv.shape,
    ...directoryEnv.shape,
    ...presenceEnv.pick({ OFFLINE_THRESHOLD_MS: true, DISCONNECT_GRACE_MS: true, GATEWAY_LEASE_MS: true })
      .shape,
    WORKER_LEASE_MS: presenceEnv.shape.WORKER_LEASE_MS,
    NODE_ENV: text,
    PORT: portEnv.default(8000),
    SOCKET_PATH: z
      .string()
      .regex(/^\/\S+$/, "a path that starts with /")
      .default("/socket.io/"),
    OPS_PORT: z.union([z.literal("same"), portEnv], opsPort).default(OPS_PORT_DEFAULT),
    GATEWAY_PROCESSES: z.coerce
      .number(processes)
      .int(processes)
      .min(1, processes)
      .max(PROCESSES_MAX, processes)
      .default(1),
    JWT_SECRET: z.string().min(SECRET_MIN_LENGTH, `at least ${SECRET_MIN_LENGTH} characters`).optional(),
    JWT_PUBLIC_KEY: text,
    JWT_JWKS_URL: z.url({ protocol: /^https?$/, error: "an http(s) URL" }).optional(),
    JWT_ISSUER: text,
    JWT_AUDIENCE: text,
    JWT_USER_CLAIM: text,
    JWT_ADMIN_CLAIM: z
      .string()
      .regex(/^[^=]+=.+$/, "claim=value")
      .default("role=ADMIN"),
    JWT_SERVICE_CLAIM: z
      .string()
      .regex(/^[^=]+=.+$/, "claim=value")
      .default("role=SERVICE"),
    JWT_CLOCK_TOLERANCE_S: z.coerce.number().int().min(0).max(300).default(30),
    CORS_ORIGINS: origins,
    PING_INTERVAL_MS: millisEnv(25_000, 100),
    PING_TIMEOUT_MS: millisEnv(10_000, 100),
    CONNECT_TIMEOUT_MS: millisEnv(45_000, 100),
    ACTIVITY_THROTTLE_MS: millisEnv(60_000),
    LARGE_ROOM_SIZE: z.coerce.number().int().min(0).default(200),
    TRUSTED_PROXIES: z.coerce.number().int().min(0).max(10).default(0),
    RATE_CONNECTS_PER_ADDRESS: perMinute(12_000),
    RATE_FAILED_AUTHS_PER_ADDRESS: perMinute(300),
    RATE_CONNECTS_PER_USER: perMinute(600),
    RATE_REQUESTS_PER_ADDRESS: perMinute(60_000),
    RATE_REQUESTS_PER_USER: perMinute(6_000),
    RATE_ENTRIES_PER_USER: perMinute(60_000),
    RATE_ORDERS_PER_USER: perMinute(60),
    RATE_REQUESTS_PER_SERVICE: perMinute(60_000),
    RATE_ENTRIES_PER_SERVICE: perMinute(600_000),
    RATE_EVENTS_PER_SOCKET: perMinute(3_000),
    RATE_EVENTS_PER_USER: perMinute(6_000),
    CANARY_INTERVAL_S: z.coerce.number().int().min(0).max(300).default(15),
    /** the exported web app, served at `/` */
    WEB_DIR: text,
    /** what its sign-in page says to type for a token */
    TOKEN_COMMAND: text,
    /** written by the launcher: people of the demo with a token each, for the sign-in page on this machine */
    DEMO_PEOPLE_FILE: text,
  })
  .check(({ value: env, issues }) => {
    const fault = (name: keyof typeof env, message: string) =>
      issues.push({ code: "custom", input: env[name], path: [name], message });
    if (env.ACTIVITY_THROTTLE_MS > env.OFFLINE_THRESHOLD_MS / 2) {
      fault("ACTIVITY_THROTTLE_MS", `at most half of OFFLINE_THRESHOLD_MS (${env.OFFLINE_THRESHOLD_MS})`);
    }
    if (env.NODE_ENV === "production" && env.CORS_ORIGINS.includes("*")) {
      fault("CORS_ORIGINS", "named origins; * is refused in production");
    }
    if (env.NODE_ENV === "production" && env.DEMO_PEOPLE_FILE !== undefined) {
      fault("DEMO_PEOPLE_FILE", "left out: it is refused in production");
    }
    const keys = KEY_VARIABLES.filter((name) => env[name] !== undefined);
    const [name] = keys;
    if (name === undefined || keys.length > 1) {
      fault(name ?? "JWT_SECRET", `exactly one of ${KEY_VARIABLES.join(", ")} is required`);
      return;
    }
    if (name === "JWT_JWKS_URL" && env.JWT_ISSUER === undefined && env.JWT_AUDIENCE === undefined) {
      fault(
        "JWT_AUDIENCE",
        "JWT_AUDIENCE or JWT_ISSUER is required with JWT_JWKS_URL: its keys also sign tokens for other applications",
      );
    }
    try {
      keyOf(env);
    } catch (error) {
      fault(name, error instanceof Error ? error.message : String(error));
    }
  });
export type GatewayEnv = z.infer<typeof gatewayEnv>;

const KEY_VARIABLES = ["JWT_SECRET", "JWT_PUBLIC_KEY", "JWT_JWKS_URL"] as const;

const keyOf = (env: Partial<Record<(typeof KEY_VARIABLES)[number], string | undefined>>) =>
  env.JWT_JWKS_URL === undefined
    ? createVerificationKey({ secret: env.JWT_SECRET, publicKey: env.JWT_PUBLIC_KEY })
    : { jwksUrl: env.JWT_JWKS_URL };

function claimOf(text: string): { claim: string; value: string } {
  const [claim = "", ...value] = text.split("=");
  return { claim, value: value.join("=") };
}

export type GatewayConfig = ReturnType<typeof toConfig>;

/** What the gateway is built from; durations in ms. */
export function toConfig(env: GatewayEnv) {
  return {
    host: env.HOST,
    port: env.PORT,
    /** `undefined`: the public one */
    opsPort: env.OPS_PORT === "same" ? undefined : env.OPS_PORT,
    socketPath: env.SOCKET_PATH,
    corsOrigins: env.CORS_ORIGINS,
    webDir: env.WEB_DIR,
    tokenCommand: env.TOKEN_COMMAND,
    demoPeopleFile: env.DEMO_PEOPLE_FILE,
    auth: {
      key: keyOf(env),
      issuer: env.JWT_ISSUER,
      audience: env.JWT_AUDIENCE,
      userClaims: env.JWT_USER_CLAIM === undefined ? ["userId", "sub"] : [env.JWT_USER_CLAIM],
      admin: claimOf(env.JWT_ADMIN_CLAIM),
      service: claimOf(env.JWT_SERVICE_CLAIM),
      clockToleranceS: env.JWT_CLOCK_TOLERANCE_S,
    },
    heartbeat: {
      pingIntervalMs: env.PING_INTERVAL_MS,
      pingTimeoutMs: env.PING_TIMEOUT_MS,
      connectTimeoutMs: env.CONNECT_TIMEOUT_MS,
    },
    largeRoomSize: env.LARGE_ROOM_SIZE,
    trustedProxies: env.TRUSTED_PROXIES,
    rates: {
      connectsPerAddress: env.RATE_CONNECTS_PER_ADDRESS,
      failedAuthsPerAddress: env.RATE_FAILED_AUTHS_PER_ADDRESS,
      connectsPerUser: env.RATE_CONNECTS_PER_USER,
      requestsPerAddress: env.RATE_REQUESTS_PER_ADDRESS,
      requestsPerUser: env.RATE_REQUESTS_PER_USER,
      entriesPerUser: env.RATE_ENTRIES_PER_USER,
      ordersPerUser: env.RATE_ORDERS_PER_USER,
      requestsPerService: env.RATE_REQUESTS_PER_SERVICE,
      entriesPerService: env.RATE_ENTRIES_PER_SERVICE,
      eventsPerSocket: env.RATE_EVENTS_PER_SOCKET,
      eventsPerUser: env.RATE_EVENTS_PER_USER,
    } satisfies RateConfig,
    activityThrottleMs: env.ACTIVITY_THROTTLE_MS,
    disconnectGraceMs: env.DISCONNECT_GRACE_MS,
    gatewayLeaseMs: env.GATEWAY_LEASE_MS,
    workerLeaseMs: env.WORKER_LEASE_MS,
    leaveHeldMs: LEAVE_HELD_MS,
    /** 0: there are no canaries */
    canaryIntervalMs: Math.min(env.CANARY_INTERVAL_S * 1_000, env.OFFLINE_THRESHOLD_MS / 2),
  };
}
