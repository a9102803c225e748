import { generateKeyPairSync } from "node:crypto";
import { parseEnv } from "@meeshy/shared/runtime/env";
import { describe, expect, it } from "vitest";
import { gatewayEnv, toConfig } from "../src/config.ts";

const good = { DATABASE_URL: "postgresql://localhost/x", JWT_SECRET: "x".repeat(32) };
const read = (env: Record<string, string | undefined>) => toConfig(parseEnv(gatewayEnv, env));

describe("the gateway's environment", () => {
  it("has the defaults of the contract", () => {
    expect(read(good)).toMatchObject({
      port: 8000,
      opsPort: 9464,
      socketPath: "/socket.io/",
      corsOrigins: [],
      heartbeat: { pingIntervalMs: 25_000, pingTimeoutMs: 10_000, connectTimeoutMs: 45_000 },
      activityThrottleMs: 60_000,
      disconnectGraceMs: 5_000,
      gatewayLeaseMs: 6_000,
      leaveHeldMs: 60,
      canaryIntervalMs: 15_000,
      trustedProxies: 0,
      // An office of thousands behind one address is let in at once.
      rates: { connectsPerAddress: 12_000, requestsPerAddress: 60_000 },
      auth: {
        userClaims: ["userId", "sub"],
        admin: { claim: "role", value: "ADMIN" },
        clockToleranceS: 30,
      },
    });
  });

  it("gives operators a port of their own unless it is to be the same", () => {
    expect(read({ ...good, OPS_PORT: "same" }).opsPort).toBeUndefined();
    expect(read({ ...good, OPS_PORT: "0" }).opsPort).toBe(0);
    expect(() => read({ ...good, OPS_PORT: "other" })).toThrow(/OPS_PORT = "other": a port, .* or same/);
  });

  it("has canaries come or go at least twice in the idle threshold, or none", () => {
    expect(read({ ...good, OFFLINE_THRESHOLD_MS: "10000", ACTIVITY_THROTTLE_MS: "1000" })).toMatchObject({
      canaryIntervalMs: 5_000,
    });
    expect(read({ ...good, CANARY_INTERVAL_S: "0" }).canaryIntervalMs).toBe(0);
    expect(() => read({ ...good, CANARY_INTERVAL_S: "301" })).toThrow(/CANARY_INTERVAL_S/);
  });

  it("takes origins as a list", () => {
    expect(read({ ...good, CORS_ORIGINS: "https://a.example, https://b.example" }).corsOrigins).toEqual([
      "https://a.example",
      "https://b.example",
    ]);
  });

  it.each<[string, Record<string, string | undefined>, RegExp]>([
    ["no key", { ...good, JWT_SECRET: undefined }, /JWT_SECRET = not set: exactly one of/],
    ["two keys", { ...good, JWT_PUBLIC_KEY: "x" }, /exactly one of JWT_SECRET, JWT_PUBLIC_KEY, JWT_JWKS_URL/],
    [
      "a key set that is no address",
      { DATABASE_URL: good.DATABASE_URL, JWT_JWKS_URL: "file:///keys" },
      /JWT_JWKS_URL = .*an http\(s\) URL/,
    ],
    [
      "a key set whose tokens may be for anyone",
      { DATABASE_URL: good.DATABASE_URL, JWT_JWKS_URL: "https://issuer.example/keys" },
      /JWT_AUDIENCE = not set: JWT_AUDIENCE or JWT_ISSUER is required with JWT_JWKS_URL/,
    ],
    [
      "demo people in production",
      { ...good, NODE_ENV: "production", DEMO_PEOPLE_FILE: "/data/demo-people.json" },
      /DEMO_PEOPLE_FILE = .*it is refused in production/,
    ],
    ["a tolerance of an hour", { ...good, JWT_CLOCK_TOLERANCE_S: "3600" }, /JWT_CLOCK_TOLERANCE_S/],
    ["a short secret", { ...good, JWT_SECRET: "short" }, /JWT_SECRET = \(secret\): at least 32/],
    [
      "a key that is none",
      { DATABASE_URL: good.DATABASE_URL, JWT_PUBLIC_KEY: "x" },
      /JWT_PUBLIC_KEY.*PEM form/,
    ],
    [
      "a throttle over half the threshold",
      { ...good, ACTIVITY_THROTTLE_MS: "150001" },
      /at most half of OFFLINE/,
    ],
    [
      "any origin in production",
      { ...good, NODE_ENV: "production", CORS_ORIGINS: "*" },
      /refused in production/,
    ],
    ["no database", { JWT_SECRET: good.JWT_SECRET }, /DATABASE_URL = not set/],
    ["an admin claim without a value", { ...good, JWT_ADMIN_CLAIM: "role" }, /claim=value/],
  ])("is refused with the reason: %s", (_, env, message) => {
    expect(() => read(env)).toThrow(message);
  });

  it("allows half the threshold, any origin outside production, and a public key", () => {
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const key = publicKey.export({ type: "spki", format: "pem" }).toString();
    const env = {
      DATABASE_URL: good.DATABASE_URL,
      JWT_PUBLIC_KEY: key,
      ACTIVITY_THROTTLE_MS: "150000",
      CORS_ORIGINS: "*",
    };
    expect(read(env).auth.key).toMatchObject({ algorithms: ["RS256", "PS256"] });
  });
});
