import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DEMO } from "@meeshy/shared/demo";
import { demoToken } from "@meeshy/shared/servers/demo-token";
import type { Options } from "./options.ts";

const fileOf = (dataDir: string) => join(dataDir, "demo-people.json");

/**
 * Writes the people of the demo with a token each, and its guest with a session, for the sign-in page (CONTRACT 1), for
 * the file's owner only. Only for a stack whose people and whose secret are all the launcher's own; without the administrator.
 * @returns the file; undefined: the page offers no one
 */
export function offerDemoPeople({
  options: { dataDir, seed, web },
  env,
  jwtSecret,
  now,
}: {
  options: Pick<Options, "dataDir" | "seed" | "web">;
  env: NodeJS.ProcessEnv;
  /** the generated one */
  jwtSecret: string;
  now: Date;
}): string | undefined {
  withdrawDemoPeople(dataDir);
  const isForeign = FOREIGN.some((name) => env[name]);
  if (!web || !seed || isForeign || env.NODE_ENV === "production") return undefined;
  const people = DEMO.users
    .filter(({ role }) => role === "USER")
    .map((user) => ({ id: user.id, name: user.displayName, token: demoToken(user, jwtSecret, now) }));
  const { id, username: name, sessionToken } = DEMO.guest;
  const all = [...people, { id, name, sessionToken }];
  writeFileSync(fileOf(dataDir), JSON.stringify({ people: all }), { mode: 0o600 });
  return fileOf(dataDir);
}

/** With one of these, people or tokens may be real ones. */
const FOREIGN = ["DATABASE_URL", "DIRECTORY_URL", "JWT_SECRET", "JWT_PUBLIC_KEY", "JWT_JWKS_URL"];

export function withdrawDemoPeople(dataDir: string): void {
  rmSync(fileOf(dataDir), { force: true });
}
