import { NATS_ROLES, type NatsRole } from "@meeshy/shared/nats/permissions";
import { expect, test } from "vitest";
import { type Surroundings, serviceEnv, serviceSpec } from "../launcher/services.ts";

const passwords = Object.fromEntries(NATS_ROLES.map((role) => [role, `${role}-password`])) as Record<
  NatsRole,
  string
>;
const around: Surroundings = {
  env: {},
  natsUrl: "nats://127.0.0.1:1",
  natsPasswords: passwords,
  databaseUrl: "postgresql://127.0.0.1:2/db",
  jwtSecret: "s".repeat(40),
  gatewayProcesses: 2,
  web: true,
};

test("each kind of service connects to NATS as its own user", () => {
  const users = (["gateway", "presence-worker", "sweeper"] as const).map((kind) =>
    serviceEnv(kind, { port: 1 }, around),
  );
  expect(users.map(({ NATS_USER, NATS_PASSWORD }) => [NATS_USER, NATS_PASSWORD])).toEqual([
    ["gateway", "gateway-password"],
    ["worker", "worker-password"],
    ["sweeper", "sweeper-password"],
  ]);
});

test("a gateway gets the public port, the secret and the web application; the others a port for operators", () => {
  expect(serviceEnv("gateway", { port: 8000, opsPort: 8001 }, around)).toMatchObject({
    PORT: "8000",
    OPS_PORT: "8001",
    GATEWAY_PROCESSES: "2",
    JWT_SECRET: around.jwtSecret,
    WEB_DIR: expect.stringMatching(/web\/out$/),
  });
  const worker = serviceEnv("presence-worker", { port: 8101 }, around);
  expect(worker).toMatchObject({ OPS_PORT: "8101" });
  for (const name of ["PORT", "JWT_SECRET", "WEB_DIR"]) expect(worker).not.toHaveProperty(name);
});

test("other variables go on to the services, except ports, which only the launcher gives", () => {
  const env = {
    GATEWAY_LEASE_MS: "700",
    LOG_LEVEL: "debug",
    PORT: "1",
    OPS_PORT: "2",
    MEESHY_STARTED_BY: "3",
  };
  const gateway = serviceEnv("gateway", { port: 8000 }, { ...around, env });
  expect(gateway).toMatchObject({ GATEWAY_LEASE_MS: "700", LOG_LEVEL: "debug", PORT: "8000" });
  expect(gateway).toMatchObject({ OPS_PORT: "same" });
  expect(gateway).not.toHaveProperty("MEESHY_STARTED_BY");
});

test("credentials of the environment stay with a nats-server of the environment, and with no other", () => {
  const env = { NATS_USER: "me", NATS_PASSWORD: "mine", NATS_CREDS_FILE: "/creds", NATS_TLS_CA: "/ca" };
  expect(serviceEnv("gateway", { port: 1 }, { ...around, env, natsPasswords: undefined })).toMatchObject(env);
  const embedded = serviceEnv("gateway", { port: 1 }, { ...around, env });
  expect(embedded).toMatchObject({ NATS_USER: "gateway", NATS_PASSWORD: "gateway-password" });
  expect(embedded).not.toHaveProperty("NATS_CREDS_FILE");
});

test("without a web application and a secret of its own a gateway's environment names neither", () => {
  const env = serviceEnv("gateway", { port: 1 }, { ...around, web: false, jwtSecret: undefined });
  expect(env).not.toHaveProperty("WEB_DIR");
  expect(env).not.toHaveProperty("JWT_SECRET");
});

test("each process knows its own name, whatever name the launcher was started under", () => {
  const surroundings = { ...around, env: { MEESHY_PROCESS: "other" } };
  expect(serviceSpec("sweeper", 2, { port: 8101 }, surroundings, () => {}).env).toMatchObject({
    MEESHY_PROCESS: "sweeper-2",
  });
});

test("only a gateway of several processes has a channel to report them by", () => {
  const reports = (kind: "gateway" | "sweeper", gatewayProcesses: number) =>
    "onReport" in serviceSpec(kind, 1, { port: 8000 }, { ...around, gatewayProcesses }, () => {});
  expect([reports("gateway", 2), reports("gateway", 1), reports("sweeper", 2)]).toEqual([true, false, false]);
});
