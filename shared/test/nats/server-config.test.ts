import { expect, test } from "vitest";
import { NATS_ROLES, type NatsRole, natsServerConfig } from "../../src/nats/server-config.ts";

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
  expect(text).toContain('password: "gateway\\"s"');
});

test("there is one user for each role", () => {
  const text = natsServerConfig({ port: 1, storeDir: "/d", passwords });
  expect([...text.matchAll(/user: "(\w+)"/g)].map(([, user]) => user)).toEqual([...NATS_ROLES]);
});
