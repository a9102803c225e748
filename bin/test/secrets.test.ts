import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NATS_ROLES } from "@meeshy/shared/nats/permissions";
import { afterEach, beforeEach, expect, test } from "vitest";
import { jwtSecret } from "../launcher/jwt-secret.ts";
import { loadSecrets } from "../launcher/secrets.ts";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "meeshy-secrets-"));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

test("secrets are made once, long, different, and readable by their owner only", async () => {
  const secrets = await loadSecrets(join(dataDir, "new"));
  expect(await loadSecrets(join(dataDir, "new"))).toEqual(secrets);
  const all = [secrets.jwtSecret, secrets.postgresPassword, ...Object.values(secrets.natsPasswords)];
  expect(new Set(all).size).toBe(2 + NATS_ROLES.length);
  for (const secret of all) expect(secret).toMatch(/^[\w-]{32,}$/);
  expect(statSync(join(dataDir, "new/secrets.json")).mode & 0o777).toBe(0o600);
});

test("programs that start at once agree on the secrets", async () => {
  const all = await Promise.all(Array.from({ length: 10 }, () => loadSecrets(dataDir)));
  for (const secrets of all) expect(secrets).toEqual(all[0]);
});

test("tokens are signed with the environment's secret, else the generated one, and never for a foreign issuer", () => {
  expect(jwtSecret({}, "generated")).toBe("generated");
  expect(jwtSecret({ JWT_SECRET: "given" }, "generated")).toBe("given");
  expect(jwtSecret({ JWT_PUBLIC_KEY: "-----BEGIN" }, "generated")).toBeUndefined();
  expect(jwtSecret({ JWT_JWKS_URL: "https://issuer" }, "generated")).toBeUndefined();
});
