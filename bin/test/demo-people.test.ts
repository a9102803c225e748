import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { offerDemoPeople, withdrawDemoPeople } from "../launcher/demo-people.ts";

const dataDir = mkdtempSync(join(tmpdir(), "meeshy-people-"));
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

const offer = (env: NodeJS.ProcessEnv = {}, part = {}) =>
  offerDemoPeople({
    options: { dataDir, seed: true, web: true, ...part },
    env,
    jwtSecret: "s".repeat(40),
    now: new Date(0),
  });

test("the people of the demo are offered with a token each, the guest with a session, without the administrator, for the owner alone", () => {
  const file = offer();
  if (file === undefined) throw new Error("no file");
  const { people } = JSON.parse(readFileSync(file, "utf8"));
  expect(people.map(({ id }: { id: string }) => id)).toEqual([
    ...["alice", "bob", "carol", "dave", "anon_demo"],
  ]);
  for (const { name, token, sessionToken } of people)
    expect([name, token ?? sessionToken]).toEqual([expect.any(String), expect.any(String)]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  withdrawDemoPeople(dataDir);
  expect(existsSync(file)).toBe(false);
});

test.each([
  ["in production", { NODE_ENV: "production" }, {}],
  ["with a database of the environment", { DATABASE_URL: "postgresql://db/people" }, {}],
  ["with an application's own directory", { DIRECTORY_URL: "http://app.example" }, {}],
  ["with a secret of the environment", { JWT_SECRET: "x".repeat(40) }, {}],
  ["with another issuer", { JWT_JWKS_URL: "https://issuer.example/keys" }, {}],
  ["without demo data", {}, { seed: false }],
  ["without the page", {}, { web: false }],
] satisfies [string, NodeJS.ProcessEnv, object][])(
  "no one is offered %s, and an earlier offer ends",
  (_, env, part) => {
    const file = offer();
    expect(offer(env, part)).toBeUndefined();
    expect(existsSync(file ?? "")).toBe(false);
  },
);
