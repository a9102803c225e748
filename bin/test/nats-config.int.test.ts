import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { NATS_ROLES } from "@meeshy/shared/nats/permissions";
import { expect, test } from "vitest";
import { ROOT } from "../launcher/root.ts";

const passwords = Object.fromEntries(
  NATS_ROLES.map((role) => [`NATS_${role.toUpperCase()}_PASSWORD`, `password of ${role}`]),
);
const configFor = async (env: Record<string, string> = {}) =>
  (
    await promisify(execFile)(process.execPath, [join(ROOT, "bin/nats-config.ts")], {
      env: { PATH: process.env.PATH, ...passwords, ...env },
    })
  ).stdout;

test("the configuration of a deployment listens on this machine alone unless an address is given", async () => {
  expect(await configFor()).toContain('listen: "127.0.0.1:4222"');
  expect(await configFor({ NATS_HOST: "0.0.0.0" })).toContain('listen: "0.0.0.0:4222"');
});

test("certificates are named by both files", async () => {
  const files = { NATS_TLS_CERT: "/certs/nats.pem", NATS_TLS_KEY: "/certs/nats.key" };
  expect(await configFor(files)).toContain(
    'tls { cert_file: "/certs/nats.pem", key_file: "/certs/nats.key" }',
  );
  await expect(configFor({ NATS_TLS_CERT: files.NATS_TLS_CERT })).rejects.toThrow(/set together/);
});

test("acknowledged writes wait for the disk as long as is said", async () => {
  expect(await configFor()).not.toContain("sync_interval");
  for (const interval of ["always", "10s", "500ms"])
    expect(await configFor({ NATS_SYNC_INTERVAL: interval })).toContain(`sync_interval: ${interval} }`);
  for (const interval of ["often", "0s", "10", "-1s", "1s }"])
    await expect(configFor({ NATS_SYNC_INTERVAL: interval })).rejects.toThrow(/NATS_SYNC_INTERVAL/);
});
