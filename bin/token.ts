import { parseArgs } from "node:util";
import { demoToken } from "@meeshy/shared/servers/demo-token";
import { DEMO_NAMES, demoUser } from "./launcher/demo.ts";
import { jwtSecret } from "./launcher/jwt-secret.ts";
import { findDataDir } from "./launcher/running-stacks.ts";
import { loadSecrets } from "./launcher/secrets.ts";

const USAGE = `npm run -s token -- <user> [--data-dir <directory>]

users: ${DEMO_NAMES}
data directory: by default that of the running stack`;

/** Prints a JWT for a demo user that the running stack accepts, or the one of a given data directory. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { "data-dir": { type: "string" } },
    allowPositionals: true,
  });
  if (positionals.length !== 1) throw new Error(USAGE);
  const user = demoUser(positionals[0] ?? "");
  if (!user) throw new Error(`there is no demo user ${positionals[0]}; there are ${DEMO_NAMES}`);
  const secret = jwtSecret(process.env, (await loadSecrets(findDataDir(values["data-dir"]))).jwtSecret);
  if (!secret)
    throw new Error("JWT_PUBLIC_KEY or JWT_JWKS_URL is set: only that issuer makes tokens that are accepted");
  console.log(demoToken(user, secret, new Date()));
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
