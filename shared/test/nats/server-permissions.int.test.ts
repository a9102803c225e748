import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inboxPrefix, type NatsRole } from "../../src/nats/server-config.ts";
import { startNats, type TestNats } from "../../testing/servers.ts";

let nats: TestNats;
const connections: NatsConnection[] = [];
let admin: NatsConnection;
let external: NatsConnection;

async function connectAs(role: NatsRole): Promise<NatsConnection> {
  const pass = nats.passwords?.[role] ?? "";
  const connection = await connect({ servers: nats.url, user: role, pass, inboxPrefix: inboxPrefix(role) });
  connections.push(connection);
  return connection;
}

beforeAll(async () => {
  nats = await startNats({ auth: true });
  admin = await connectAs("admin");
  external = await connectAs("external");
  const manager = await jetstreamManager(admin);
  await manager.streams.add({ name: "PRESENCE_STATUS", subjects: ["presence.set.*"], allow_direct: true });
  await manager.streams.add({ name: "PRESENCE_EVENTS", subjects: ["presence.in.>"], allow_direct: true });
  await jetstream(admin).publish("presence.set.alice", "online");
  await jetstream(admin).publish("presence.in.1.gw.alice", "secret");
});
afterAll(async () => {
  await Promise.all(connections.map((connection) => connection.close()));
  await nats?.stop();
});

/** Resolves with the server's word on the next thing that a connection was not allowed to do. */
async function nextRefusal(connection: NatsConnection): Promise<string> {
  for await (const status of connection.status()) if (status.type === "error") return status.error.message;
  return "the connection was closed";
}

test("a connection without a user is refused", async () => {
  await expect(connect({ servers: nats.url, reconnect: false })).rejects.toThrow(/authorization/i);
});

test("external reads the last status of a named user", async () => {
  const reply = await external.request("$JS.API.DIRECT.GET.PRESENCE_STATUS.presence.set.alice");
  expect(reply.string()).toBe("online");
});

test("external follows statuses and gets answers from the query service", async () => {
  const statuses = external.subscribe("presence.status.>", { max: 1 });
  const queries = admin.subscribe("presence.query", {
    max: 1,
    callback: (_, query) => void query.respond("answer"),
  });
  await Promise.all([external.flush(), admin.flush()]);
  admin.publish("presence.status.alice", "online");
  expect((await external.request("presence.query", "{}")).string()).toBe("answer");
  for await (const status of statuses) expect(status.string()).toBe("online");
  queries.unsubscribe();
});

test.each([
  ["the log", "presence.in.1.gw.alice"],
  ["a status", "presence.set.alice"],
  ["a status to followers", "presence.status.alice"],
  ["another request", "presence.activity"],
  ["a consumer", "$JS.API.CONSUMER.CREATE.PRESENCE_STATUS"],
  ["a direct get of whole streams", "$JS.API.DIRECT.GET.PRESENCE_STATUS"],
  ["a direct get of the log", "$JS.API.DIRECT.GET.PRESENCE_EVENTS.presence.in.1.gw.alice"],
])("external may not publish %s", async (_, subject) => {
  const refusal = nextRefusal(external);
  external.publish(subject, "{}");
  expect(await refusal).toContain(`Permissions Violation for Publish to "${subject}"`);
});

test.each([
  ["the log", "presence.in.>"],
  ["everything", ">"],
  ["others' replies", "_INBOX_admin.>"],
])("external may not subscribe to %s", async (_, subject) => {
  const refusal = nextRefusal(external);
  external.subscribe(subject, { callback: () => {} });
  expect(await refusal).toContain(`Permissions Violation for Subscription to "${subject}"`);
});
