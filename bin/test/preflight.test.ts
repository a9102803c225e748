import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../launcher/root.ts";
import { DEPLOYMENT_LINES } from "../preflight/deployment.ts";
import { SERVER_LINES } from "../preflight/servers.ts";
import { SETTING_LINES, type Variables } from "../preflight/settings.ts";

const GOOD: Variables = {
  NODE_ENV: "production",
  NATS_URL: "tls://nats-1.internal.net:4222,tls://nats-2.internal.net:4222,tls://nats-3.internal.net:4222",
  NATS_REPLICAS: "3",
  NATS_GATEWAY_PASSWORD: "u4Qe8ZtK1mWc7RbX5sLd",
  NATS_WORKER_PASSWORD: "b2Yh6NpV9gTa3JfM0xQe",
  NATS_SWEEPER_PASSWORD: "k7Cr5DwS2zUo8HvB4nGj",
  DATABASE_URL: "postgresql://presence@db.internal.net/presence?sslmode=verify-full",
  JWT_SECRET: "Zk3vX9rT7bQ1mW5cY8dH2fJ6gL4nP0sA",
  JWT_AUDIENCE: "chat",
  CORS_ORIGINS: "https://chat.acme.org",
  TRUSTED_PROXIES: "1",
};

/** A single bad value, and what the line says about it. */
const BAD: Record<string, [Variables, RegExp]> = {
  variables: [{ PING_INTERVAL_MS: "often" }, /PING_INTERVAL_MS = "often"/],
  "servers-named": [{ NATS_URL: "" }, /NATS_URL not set: name the servers/],
  production: [{ NODE_ENV: "development" }, /NODE_ENV = "development": set it to production/],
  "token-key": [{ JWT_SECRET: "meeshy-secret-meeshy-secret-meeshy" }, /JWT_SECRET is a well-known/],
  "token-audience": [{ JWT_AUDIENCE: "" }, /neither JWT_AUDIENCE nor JWT_ISSUER/],
  origins: [{ CORS_ORIGINS: "https://a.org,http://b.org" }, /CORS_ORIGINS holds http:\/\/b\.org:/],
  proxies: [{ TRUSTED_PROXIES: "0" }, /TRUSTED_PROXIES = 0: behind a balancer/],
  heartbeat: [{ PING_INTERVAL_MS: "55000" }, /PING_INTERVAL_MS \+ PING_TIMEOUT_MS = 65000: below 60000/],
  throttle: [{ ACTIVITY_THROTTLE_MS: "1000" }, /ACTIVITY_THROTTLE_MS = 1000: at least 10000/],
  grace: [{ DISCONNECT_GRACE_MS: "0" }, /DISCONNECT_GRACE_MS = 0: from 1000 to 30000/],
  leases: [{ WORKER_LEASE_MS: "8000" }, /WORKER_LEASE_MS = 8000: at most 2000/],
  "log-level": [{ LOG_LEVEL: "debug" }, /LOG_LEVEL = "debug": info/],
  "nats-users": [{ NATS_WORKER_PASSWORD: "short" }, /NATS_WORKER_PASSWORD: at least 16 characters/],
  "nats-encrypted": [
    { NATS_URL: "nats://nats.internal.net:4222" },
    /NATS_URL names nats\.internal\.net without tls/,
  ],
  "nats-replicas": [{ NATS_REPLICAS: "1" }, /NATS_REPLICAS = 1 with 3 servers: 3/],
  "database-encrypted": [
    { DATABASE_URL: "postgresql://presence@db.internal.net/presence" },
    /DATABASE_URL names db\.internal\.net without sslmode/,
  ],
};

const faultsOf = (variables: Variables) =>
  Object.fromEntries(
    SETTING_LINES.map(({ id, fault }): [string, string | undefined] => [id, fault(variables)]).filter(
      ([, fault]) => fault !== undefined,
    ),
  );

test("variables that are as they should be have no fault", () => {
  expect(faultsOf(GOOD)).toEqual({});
});

test("each line about variables has a bad value in this test", () => {
  expect(Object.keys(BAD)).toEqual(SETTING_LINES.map(({ id }) => id));
});

test.each(Object.entries(BAD))(
  "a value that is bad for %s gives a message of its own, and no other line fails",
  (id, [bad, message]) => {
    const faults = faultsOf({ ...GOOD, ...bad });

    expect(faults[id]).toMatch(message);
    expect(Object.keys(faults)).toEqual([id]);
  },
);

test("a message never shows a secret", () => {
  const secrets = { JWT_SECRET: "password-of-mine-password-of-mine", NATS_WORKER_PASSWORD: "hunter2" };
  const text = JSON.stringify(faultsOf({ ...GOOD, ...secrets }));

  expect(text).toContain("JWT_SECRET");
  for (const secret of Object.values(secrets)) expect(text).not.toContain(secret);
});

test("no password of a role, nor one for all, is a fault", () => {
  const { NATS_GATEWAY_PASSWORD: _g, NATS_WORKER_PASSWORD: _w, NATS_SWEEPER_PASSWORD: _s, ...open } = GOOD;

  expect(faultsOf(open)["nats-users"]).toMatch(/open to all who reach it/);
});

test("the checklist has the lines that are checked, in their order, and no other", () => {
  const text = readFileSync(join(ROOT, "docs/PRE-DEPLOYMENT.md"), "utf8");
  const written = [...text.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, id]) => id);

  expect(written).toEqual([...SETTING_LINES, ...SERVER_LINES, ...DEPLOYMENT_LINES].map(({ id }) => id));
});
