import { faultsIn } from "@meeshy/shared/runtime/env";
import { gatewayEnv } from "../../gateway/src/config.ts";
import { workerEnv } from "../../presence-worker/src/config.ts";
import { sweeperEnv } from "../../sweeper/src/config.ts";

/** The variables of an environment file. */
export type Variables = Record<string, string | undefined>;

/** A line of docs/PRE-DEPLOYMENT.md that can be judged by the variables alone. `fault`: what is wrong, or nothing. */
export interface SettingLine {
  id: string;
  fault(variables: Variables): string | undefined;
}

/** Longest silence of a connection that balancers allow where nothing is set: a minute. */
const IDLE_LIMIT_MS = 60_000;
/** Beyond these leases viewers are informed later than in 10 s (ADR 0016). */
const LEASE_MAX_MS = { GATEWAY_LEASE_MS: 9_000, WORKER_LEASE_MS: 2_000 };
const GRACE_MS = { min: 1_000, max: 30_000 };
const THROTTLE_MIN_MS = 10_000;
/** Passwords and secrets that stand in examples, or that people type while they try something. */
const WELL_KNOWN = /^(.)\1*$|secret|password|changeme|change-me|example|meeshy|test/i;
const PASSWORD_MIN_LENGTH = 16;

/** As the services read them: what they refuse at start is the line `variables`. */
const numberOf = (variables: Variables, name: string, fallback: number): number => {
  const value = Number(variables[name] || fallback);
  return Number.isFinite(value) ? value : fallback;
};

/** On this machine or, without a dot in its name, beside it in a network of containers. */
const isPrivate = (host: string) => /^(127\.|\[?::1\]?$|localhost$)/.test(host) || !/[.:]/.test(host);

function hostOf(address: string): string {
  try {
    return new URL(address.includes("://") ? address : `nats://${address}`).hostname;
  } catch {
    return "";
  }
}

const isWeak = (secret: string) => secret.length < PASSWORD_MIN_LENGTH || WELL_KNOWN.test(secret);

const natsAddresses = ({ NATS_URL = "" }: Variables) =>
  NATS_URL.split(",")
    .map((one) => one.trim())
    .filter(Boolean);

export const SETTING_LINES: readonly SettingLine[] = [
  {
    id: "variables",
    fault(variables) {
      const faults = [gatewayEnv, workerEnv, sweeperEnv].flatMap((schema) => faultsIn(schema, variables));
      return faults.length > 0 ? [...new Set(faults)].join("; ") : undefined;
    },
  },
  {
    id: "servers-named",
    fault(variables) {
      const missing = ["NATS_URL", "DATABASE_URL"].filter((name) => !variables[name]);
      return missing.length > 0 ? `${missing.join(" and ")} not set: name the servers` : undefined;
    },
  },
  {
    id: "production",
    fault: ({ NODE_ENV }) =>
      NODE_ENV === "production"
        ? undefined
        : `NODE_ENV = ${JSON.stringify(NODE_ENV ?? "")}: set it to production`,
  },
  {
    id: "token-key",
    fault: ({ JWT_SECRET }) =>
      JWT_SECRET && isWeak(JWT_SECRET)
        ? "JWT_SECRET is a well-known or repeated text: anyone could make tokens; take `openssl rand -base64 48`"
        : undefined,
  },
  {
    id: "token-audience",
    fault: ({ JWT_AUDIENCE, JWT_ISSUER }) =>
      JWT_AUDIENCE || JWT_ISSUER
        ? undefined
        : "neither JWT_AUDIENCE nor JWT_ISSUER is set: tokens of any application with this key are accepted",
  },
  {
    id: "origins",
    fault({ CORS_ORIGINS = "" }) {
      const origins = CORS_ORIGINS.split(",")
        .map((one) => one.trim())
        .filter(Boolean);
      const open = origins.filter((origin) => !/^https:\/\/[^*/]+$/.test(origin));
      return open.length > 0
        ? `CORS_ORIGINS holds ${open.join(", ")}: name each origin as https://host, without * or a path`
        : undefined;
    },
  },
  {
    id: "proxies",
    fault: (variables) =>
      numberOf(variables, "TRUSTED_PROXIES", 0) > 0
        ? undefined
        : "TRUSTED_PROXIES = 0: behind a balancer all clients would count as one address",
  },
  {
    id: "heartbeat",
    fault(variables) {
      const silence =
        numberOf(variables, "PING_INTERVAL_MS", 25_000) + numberOf(variables, "PING_TIMEOUT_MS", 10_000);
      return silence >= IDLE_LIMIT_MS
        ? `PING_INTERVAL_MS + PING_TIMEOUT_MS = ${silence}: below ${IDLE_LIMIT_MS}, after which balancers cut idle connections`
        : undefined;
    },
  },
  {
    id: "throttle",
    fault(variables) {
      const throttle = numberOf(variables, "ACTIVITY_THROTTLE_MS", 60_000);
      return throttle < THROTTLE_MIN_MS
        ? `ACTIVITY_THROTTLE_MS = ${throttle}: at least ${THROTTLE_MIN_MS}, or each activity is written into the log`
        : undefined;
    },
  },
  {
    id: "grace",
    fault(variables) {
      const grace = numberOf(variables, "DISCONNECT_GRACE_MS", 5_000);
      return grace < GRACE_MS.min || grace > GRACE_MS.max
        ? `DISCONNECT_GRACE_MS = ${grace}: from ${GRACE_MS.min} to ${GRACE_MS.max}; with less each refresh of a page shows, with more people stay online who are gone`
        : undefined;
    },
  },
  {
    id: "leases",
    fault(variables) {
      const long = Object.entries(LEASE_MAX_MS).filter(([name, max]) => numberOf(variables, name, 0) > max);
      return long.length > 0
        ? `${long.map(([name, max]) => `${name} = ${variables[name]}: at most ${max}`).join("; ")}, or viewers are informed of stale statuses later than in 10 s`
        : undefined;
    },
  },
  {
    id: "log-level",
    fault: ({ LOG_LEVEL = "info" }) =>
      ["info", "warn", "error", "fatal"].includes(LOG_LEVEL || "info")
        ? undefined
        : `LOG_LEVEL = ${JSON.stringify(LOG_LEVEL)}: info, or one that says less`,
  },
  {
    id: "nats-users",
    fault(variables) {
      if (variables.NATS_CREDS_FILE) return undefined;
      const passwords = Object.entries(variables).filter(
        ([name, value]) => /^NATS_(\w+_)?PASSWORD$/.test(name) && value,
      );
      if (passwords.length === 0)
        return "no NATS_CREDS_FILE, no NATS_PASSWORD and no password of a role: nats-server is open to all who reach it";
      const weak = passwords.filter(([, value]) => isWeak(value ?? "")).map(([name]) => name);
      return weak.length > 0
        ? `${weak.join(", ")}: at least ${PASSWORD_MIN_LENGTH} characters, none that are well known`
        : undefined;
    },
  },
  {
    id: "nats-encrypted",
    fault(variables) {
      if (variables.NATS_TLS_CA) return undefined;
      const open = natsAddresses(variables).filter(
        (one) => !one.startsWith("tls://") && !isPrivate(hostOf(one)),
      );
      return open.length > 0
        ? `NATS_URL names ${open.map(hostOf).join(", ")} without tls:// or NATS_TLS_CA: passwords and statuses cross the network in the clear`
        : undefined;
    },
  },
  {
    id: "nats-replicas",
    fault(variables) {
      const replicas = numberOf(variables, "NATS_REPLICAS", 1);
      const servers = natsAddresses(variables).length;
      return servers > 1 && replicas < 3
        ? `NATS_REPLICAS = ${replicas} with ${servers} servers: 3, or the loss of one server is the loss of what it holds`
        : undefined;
    },
  },
  {
    id: "database-encrypted",
    fault({ DATABASE_URL = "" }) {
      const isEncrypted = /[?&]sslmode=(require|verify-ca|verify-full)/.test(DATABASE_URL);
      return DATABASE_URL && !isEncrypted && !isPrivate(hostOf(DATABASE_URL))
        ? `DATABASE_URL names ${hostOf(DATABASE_URL)} without sslmode=verify-full: rows cross the network in the clear`
        : undefined;
    },
  },
];
