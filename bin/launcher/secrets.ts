import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { NATS_ROLES, type NatsRole } from "@meeshy/shared/nats/permissions";

/** What is generated once per data directory. */
export type Secrets = {
  jwtSecret: string;
  postgresPassword: string;
  natsPasswords: Record<NatsRole, string>;
};

/** Reads the secrets of a data directory, made on first use. Only their owner may read the file. */
export async function loadSecrets(dataDir: string): Promise<Secrets> {
  const file = join(dataDir, "secrets.json");
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  await writeFile(draft, `${JSON.stringify(newSecrets(), null, 2)}\n`, { mode: 0o600 });
  // A link appears whole, and only if there is none: two programs that start at once agree.
  await link(draft, file).catch((error) => {
    if (error.code !== "EEXIST") throw error;
  });
  await rm(draft);
  return JSON.parse(await readFile(file, "utf8"));
}

function newSecrets(): Secrets {
  const secret = (bytes: number) => randomBytes(bytes).toString("base64url");
  return {
    jwtSecret: secret(48),
    postgresPassword: secret(24),
    natsPasswords: Object.fromEntries(NATS_ROLES.map((role) => [role, secret(24)])) as Record<
      NatsRole,
      string
    >,
  };
}
