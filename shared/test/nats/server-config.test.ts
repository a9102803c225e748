import { expect, test } from "vitest";
import { EXTERNAL_ROLES, NATS_ROLES, type NatsRole, PERMISSIONS } from "../../src/nats/permissions.ts";
import { natsServerConfig } from "../../src/nats/server-config.ts";

const passwords = Object.fromEntries(NATS_ROLES.map((role) => [role, `${role}"s`])) as Record<
  NatsRole,
  string
>;

test("a server listens on the loopback address only, with JetStream and messages of up to 1 MiB", () => {
  expect(natsServerConfig({ port: 4333, storeDir: "/data/js" }).split("\n")).toEqual([
    'listen: "127.0.0.1:4333"',
    "max_payload: 1048576",
    'jetstream { store_dir: "/data/js" }',
    "",
  ]);
});

test("strings are quoted, whatever they contain", () => {
  const text = natsServerConfig({ port: 1, storeDir: '/a "b" {c}', passwords });
  expect(text).toContain('store_dir: "/a \\"b\\" {c}"');
  expect(text).toContain('"password":"gateway\\"s"');
});

test("there is one user for each role, and no other", () => {
  const text = natsServerConfig({ port: 1, storeDir: "/d", passwords });
  const users = [...text.matchAll(/"user":"(\w+)"/g)].map(([, user]) => user);
  expect(users.toSorted()).toEqual([...NATS_ROLES].toSorted());
});

test("every user's permissions are listed, so nothing else is allowed", () => {
  const text = natsServerConfig({ port: 1, storeDir: "/d", passwords });
  for (const role of NATS_ROLES) {
    expect(PERMISSIONS[role].publish.length, role).toBeGreaterThan(0);
    expect(text).toContain(`"permissions":${JSON.stringify(PERMISSIONS[role])}`);
  }
});

test("external users have accounts of their own, and only the service's account has JetStream", () => {
  const text = natsServerConfig({ port: 1, storeDir: "/d", passwords });
  const accounts = [...text.matchAll(/^ {2}(\w+) \{$/gm)].map(([, account]) => account);
  expect(accounts).toEqual(["PRESENCE", ...EXTERNAL_ROLES.map((role) => role.toUpperCase())]);
  expect(text.match(/jetstream: enabled/g)).toHaveLength(1);
  expect(text.indexOf("jetstream: enabled")).toBeLessThan(text.indexOf("SERVICE {"));
});
