import { demoToken } from "@meeshy/shared/servers/demo-token";
import type { Stack } from "@meeshy/shared/servers/stack";
import { demoUser } from "./demo.ts";
import { tokenCommand } from "./running-stacks.ts";

/** What is printed once everything is ready: where to go, and how to get in. */
export function banner(options: {
  stack: Stack;
  dataDir: string;
  web: boolean;
  jwtSecret: string | undefined;
  now: Date;
}): string {
  const [first, ...others] = options.stack.gateways.map(({ url }) => url);
  const rows: [string, string][] = [
    [options.web ? "Web" : "Gateway", first ?? ""],
    ...others.map((url): [string, string] => ["Gateway", url]),
    ...(options.web ? ([["Console", `${first}/console`]] as [string, string][]) : []),
    ["API", `${first}/api/docs`],
    ["Logs", `${options.dataDir}/logs`],
    ...logins(options, [first ?? "", ...others]),
  ];
  const lines = rows.map(([name, value]) => `  ${name.padEnd(10)} ${value}`);
  return ["", "Meeshy presence is running. Ctrl-C stops it.", "", ...lines, "", ...hints(options), ""].join(
    "\n",
  );
}

function logins(
  options: { web: boolean; jwtSecret: string | undefined; now: Date },
  gateways: string[],
): [string, string][] {
  const { jwtSecret, now } = options;
  if (!jwtSecret) return [];
  return ["alice", "bob"].flatMap((name, index): [string, string][] => {
    const user = demoUser(name);
    if (!user) return [];
    const token = demoToken(user, jwtSecret, now);
    // With several gateways the two see each other across them.
    return [[`As ${name}`, options.web ? `${gateways[index % gateways.length]}/?token=${token}` : token]];
  });
}

function hints({
  jwtSecret,
  web,
  dataDir,
}: {
  jwtSecret: string | undefined;
  web: boolean;
  dataDir: string;
}): string[] {
  if (!jwtSecret) return ["Log in with a token of the issuer that the environment names."];
  const how = web
    ? "Open both links, each in a window of its own, to see each user's presence in the other."
    : "Connect with these tokens.";
  return [how, `Tokens for carol, dave and admin: ${tokenCommand("carol", dataDir)}`];
}
