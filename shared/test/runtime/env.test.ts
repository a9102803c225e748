import { expect, test } from "vitest";
import { z } from "zod";
import {
  connectionEnv,
  databaseEnv,
  EnvironmentError,
  natsConfig,
  parseEnv,
  presenceEnv,
} from "../../src/runtime/env.ts";

const schema = z.object({ ...connectionEnv.shape, ...databaseEnv.shape, ...presenceEnv.shape });
const DATABASE_URL = "postgresql://user:hunter2@127.0.0.1/db";

const messageOf = (env: Record<string, string | undefined>): string => {
  try {
    parseEnv(schema, env);
  } catch (error) {
    expect(error).toBeInstanceOf(EnvironmentError);
    return (error as Error).message;
  }
  return "";
};

test("takes defaults where nothing is set, and an empty value for none", () => {
  expect(parseEnv(schema, { DATABASE_URL, GATEWAY_LEASE_MS: "", NATS_USER: "" })).toEqual({
    DATABASE_URL,
    NATS_URL: "nats://127.0.0.1:4222",
    NATS_REPLICAS: 1,
    LOG_LEVEL: "info",
    HOST: "127.0.0.1",
    OTEL_TRACES_SAMPLER_ARG: 0.01,
    OFFLINE_THRESHOLD_MS: 300_000,
    DISCONNECT_GRACE_MS: 5_000,
    GATEWAY_LEASE_MS: 6_000,
    WORKER_LEASE_MS: 2_000,
    SWEEP_INTERVAL_MS: 60_000,
    MULTI_DEVICE: "allow",
    HISTORY_DAYS: 30,
  });
});

test("reads numbers", () => {
  const env = parseEnv(schema, { DATABASE_URL, DISCONNECT_GRACE_MS: "0", NATS_REPLICAS: "3" });
  expect(env).toMatchObject({ DISCONNECT_GRACE_MS: 0, NATS_REPLICAS: 3 });
});

test("names every fault at once, with variable, value and what is allowed", () => {
  const message = messageOf({
    DATABASE_URL,
    GATEWAY_LEASE_MS: "10",
    WORKER_LEASE_MS: "soon",
    MULTI_DEVICE: "maybe",
    NATS_REPLICAS: "1.5",
  });
  const line = (name: string) => message.split("\n").find((text) => text.trim().startsWith(name)) ?? "";
  expect(line("GATEWAY_LEASE_MS")).toMatch(/"10".*500/);
  expect(line("WORKER_LEASE_MS")).toMatch(/"soon".*number/);
  expect(line("MULTI_DEVICE")).toMatch(/"maybe".*"allow"\|"replace"/);
  expect(line("NATS_REPLICAS")).toMatch(/"1.5".*int/);
});

test("reports what is missing", () => {
  expect(messageOf({})).toContain("DATABASE_URL = not set");
});

test("never prints a secret", () => {
  expect(messageOf({ DATABASE_URL: "mysql://user:hunter2@h/db" })).not.toContain("hunter2");
});

test("hands the bus its credentials", () => {
  const env = parseEnv(schema, {
    DATABASE_URL,
    NATS_USER: "worker",
    NATS_PASSWORD: "p",
    NATS_TLS_CA: "/ca.pem",
  });
  expect(natsConfig(env)).toEqual({
    url: "nats://127.0.0.1:4222",
    user: "worker",
    password: "p",
    credsFile: undefined,
    tlsCa: "/ca.pem",
  });
});

test("a variable that is called nearly like one of ours is a fault, with the name that may be meant", () => {
  const faults = messageOf({
    DATABASE_URL,
    OFFLINE_TRESHOLD_MS: "1000",
    WORKER_LEASE_M: "9",
    GATEWAY_LEASE_MS: "x",
  });
  expect(faults).toContain(
    'OFFLINE_TRESHOLD_MS = "1000": there is no such variable; OFFLINE_THRESHOLD_MS may be meant',
  );
  expect(faults).toContain("WORKER_LEASE_MS may be meant");
  expect(faults).toContain("GATEWAY_LEASE_MS");
});

test("variables of others are none of ours", () => {
  const others = { HOSTNAME: "x", HOME: "/", NATS_PORT: "tcp://10.0.0.1:4222", PGHOST: "db", LOGNAME: "me" };
  expect(messageOf({ DATABASE_URL, ...others })).toBe("");
});
