import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { headers } from "@nats-io/nats-core";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAcks } from "../../src/nats/acks.ts";
import { openNats } from "../../src/nats/connect.ts";
import { inboxPrefix, NATS_ROLES, type NatsRole } from "../../src/nats/permissions.ts";
import { agreeOnSettings } from "../../src/nats/shared-settings.ts";
import { compareStreams, ensureStreams } from "../../src/nats/streams.ts";
import { createLogger } from "../../src/runtime/logger.ts";
import { systemClock } from "../../src/runtime/system-clock.ts";
import { startNats, type TestNats } from "../../testing/servers.ts";

let nats: TestNats;
/** one connection for each role, and one to which everything is allowed */
const as = {} as Record<NatsRole | "tester", NatsConnection>;

beforeAll(async () => {
  nats = await startNats({ auth: true });
  for (const role of [...NATS_ROLES, "tester"] as const) {
    const { url, user, password } = nats.as(role);
    const credentials = { user: user ?? "", pass: password ?? "" };
    as[role] = await connect({ servers: url, ...credentials, inboxPrefix: inboxPrefix(role as NatsRole) });
  }
  const link = await openNats(nats.as("worker"), "worker");
  await ensureStreams(link, 1);
  await link.close();
  await jetstream(as.tester).publish("presence.set.alice", "online");
  await jetstream(as.tester).publish("presence.in.1.gw.alice", "secret");
  // As a gateway answers readers of other teams, for whom the last status is not the one that is stored.
  as.gateway.subscribe("presence.last.*", {
    callback(_, request) {
      const isAlice = request.subject === "presence.last.alice";
      if (isAlice) request.respond("public");
      else request.respond("", { headers: headers(404, "Message Not Found") });
    },
  });
  await as.gateway.flush();
});
afterAll(async () => {
  await Promise.all(Object.values(as).map((connection) => connection.close()));
  await nats?.stop();
});

/** Resolves with the server's word on the next thing that a connection was not allowed to do. */
async function nextRefusal(connection: NatsConnection): Promise<string> {
  for await (const status of connection.status()) if (status.type === "error") return status.error.message;
  return "the connection was closed";
}

/** What the log holds now. */
const logged = async () => {
  const manager = await jetstreamManager(as.tester);
  return (await manager.streams.info("PRESENCE_EVENTS")).state.messages;
};

test("a connection without a user is refused", async () => {
  await expect(connect({ servers: nats.url, reconnect: false })).rejects.toThrow(/authorization/i);
});

const STREAMS = ["PRESENCE_EVENTS", "PRESENCE_STATUS", "KV_PRESENCE_STATE", "KV_PRESENCE_LEASES"];
const each = (verb: string, streams = STREAMS) => streams.map((stream) => `$JS.API.${verb}.${stream}`);
const consumers = (...allowed: string[]) =>
  each(
    "CONSUMER.CREATE",
    STREAMS.filter((stream) => !allowed.includes(stream)),
  );

/** No process that serves people may delete or empty the streams. */
const DESTRUCTION = [
  ...each("STREAM.DELETE"),
  ...each("STREAM.PURGE"),
  ...each("STREAM.UPDATE"),
  ...each("STREAM.MSG.DELETE"),
  "$JS.API.STREAM.CREATE.OTHER",
  "$JS.API.CONSUMER.DURABLE.CREATE.PRESENCE_EVENTS.mine",
  "$JS.API.STREAM.LIST",
  "$JS.API.INFO",
  "$SYS.REQ.SERVER.PING",
];
const OUTSIDE = [
  ...DESTRUCTION,
  ...consumers(),
  ...each("STREAM.CREATE"),
  ...each("STREAM.INFO"),
  "presence.in.1.gw.alice",
  "presence.in.1.sweep",
  "presence.in.1.svc.alice",
  "presence.in.1.admin.alice",
  "presence.set.alice",
  "presence.status.alice",
  "presence.public.alice",
  "presence.last.alice",
  "presence.gw.g1",
  "presence.chat.general",
  "presence.sweep.cleanup",
  "$KV.PRESENCE_STATE.1.alice",
  "$KV.PRESENCE_LEASES.g.g1",
  "$KV.PRESENCE_LEASES.p.1",
  "$JS.API.DIRECT.GET.PRESENCE_STATUS",
  "$JS.API.DIRECT.GET.PRESENCE_EVENTS.presence.in.1.gw.alice",
  "$JS.API.DIRECT.GET.KV_PRESENCE_STATE.$KV.PRESENCE_STATE.1.alice",
  "$JS.API.STREAM.MSG.GET.PRESENCE_STATUS",
  "_INBOX_gateway.1",
];

const FORBIDDEN: Record<NatsRole, { publish: string[]; subscribe: string[] }> = {
  gateway: {
    publish: [
      ...DESTRUCTION,
      ...consumers("PRESENCE_STATUS", "KV_PRESENCE_LEASES"),
      "presence.in.1.sweep",
      "presence.in.1.sweep.alice",
      "presence.in.1.gw",
      "presence.set.alice",
      "presence.status.alice",
      "presence.gw.g1",
      "$KV.PRESENCE_STATE.1.alice",
      "$KV.PRESENCE_LEASES.p.1",
      "$KV.PRESENCE_LEASES.w.w1",
      "$KV.PRESENCE_LEASES.s.s1",
      "$KV.PRESENCE_LEASES.epoch",
      "_INBOX_sweeper.1",
    ],
    subscribe: ["presence.in.>", "presence.set.*", "presence.>", "_INBOX_worker.>", "$KV.>", ">"],
  },
  worker: {
    publish: [
      ...DESTRUCTION.filter(
        (subject) =>
          subject !== "$JS.API.STREAM.PURGE.PRESENCE_STATUS" && !each("STREAM.UPDATE").includes(subject),
      ),
      ...consumers("PRESENCE_EVENTS", "KV_PRESENCE_STATE", "KV_PRESENCE_LEASES"),
      "presence.in.1.gw.alice",
      "presence.in.1.sweep",
      "presence.in.1.admin.alice",
      "presence.status.alice",
      "presence.chat.general",
      "presence.query",
      "$KV.PRESENCE_LEASES.g.g1",
      "$KV.PRESENCE_LEASES.s.s1",
      "_INBOX_gateway.1",
    ],
    subscribe: ["presence.in.>", "presence.chat.*", "presence.query", "_INBOX_gateway.>", ">"],
  },
  sweeper: {
    publish: [
      ...DESTRUCTION.filter(
        (subject) => !each("STREAM.PURGE", ["PRESENCE_EVENTS", "KV_PRESENCE_LEASES"]).includes(subject),
      ),
      ...consumers("KV_PRESENCE_LEASES"),
      "presence.in.1.gw.alice",
      "presence.in.1.admin.alice",
      "presence.set.alice",
      "presence.gw.g1",
      "presence.chat.general",
      "$KV.PRESENCE_STATE.1.alice",
      "$KV.PRESENCE_LEASES.p.1",
      "$KV.PRESENCE_LEASES.epoch",
      "_INBOX_worker.1",
    ],
    subscribe: ["presence.in.>", "presence.chat.*", "presence.gw.*", "_INBOX_gateway.>", ">"],
  },
  service: {
    publish: [...OUTSIDE, "_INBOX_external.1"],
    subscribe: ["presence.in.>", "presence.set.*", "presence.query", "presence.chat.*", "_INBOX_external.>"],
  },
  external: {
    publish: [
      ...OUTSIDE,
      "presence.activity",
      "presence.availability",
      "presence.membership",
      "presence.account",
      "$SRV.PING",
      "_INBOX_service.1",
    ],
    subscribe: [
      "presence.in.>",
      "presence.set.*",
      "presence.query",
      "_INBOX_service.>",
      "_INBOX_admin.>",
      ">",
    ],
  },
  admin: {
    publish: [
      "presence.in.1.gw.alice",
      "presence.in.1.admin.alice",
      "presence.in.1.sweep",
      "presence.set.alice",
      "presence.status.alice",
      "presence.gw.g1",
      "presence.chat.general",
      "$KV.PRESENCE_STATE.1.alice",
      "$KV.PRESENCE_LEASES.p.1",
      "_INBOX_worker.1",
      "$SYS.REQ.SERVER.PING",
    ],
    subscribe: [],
  },
};

describe.each(NATS_ROLES)("%s", (role) => {
  const { publish, subscribe } = FORBIDDEN[role];

  test.each(publish)("may not publish on %s", async (subject) => {
    const refusal = nextRefusal(as[role]);
    as[role].publish(subject, "{}");
    expect(await refusal).toContain(`Permissions Violation for Publish to "${subject}"`);
  });

  test.skipIf(subscribe.length === 0).each(subscribe)("may not subscribe to %s", async (subject) => {
    const refusal = nextRefusal(as[role]);
    as[role].subscribe(subject, { callback: () => {} });
    expect(await refusal).toContain(`Permissions Violation for Subscription to "${subject}"`);
  });
});

describe.each(["service", "external"] as const)("%s, in an account of its own,", (role) => {
  test("reads the last status of a named user", async () => {
    const reply = await as[role].request("$JS.API.DIRECT.GET.PRESENCE_STATUS.presence.set.alice");
    expect(reply.string()).toBe(role === "service" ? "online" : "public");
    const missing = await as[role].request("$JS.API.DIRECT.GET.PRESENCE_STATUS.presence.set.unknown");
    expect(missing.headers?.code).toBe(404);
  });

  test("follows statuses and gets answers from the query service", async () => {
    const statuses = as[role].subscribe("presence.status.>", { max: 1 });
    const queries = as.gateway.subscribe("presence.query", {
      queue: "q",
      callback: (_, query) => void query.respond("answer"),
    });
    await Promise.all([as[role].flush(), as.gateway.flush()]);
    await jetstream(as.tester).publish("presence.set.alice", "online");
    as.gateway.publish("presence.public.alice", "public");
    expect((await as[role].request("presence.query", "{}")).string()).toBe("answer");
    for await (const status of statuses) {
      expect(status.subject).toBe("presence.status.alice");
      expect(status.string()).toBe(role === "service" ? "online" : "public");
    }
    queries.unsubscribe();
  });

  test("cannot have answers sent into the log", async () => {
    const before = await logged();
    for (const subject of ["presence.query", "$JS.API.DIRECT.GET.PRESENCE_STATUS.presence.set.alice"]) {
      as[role].publish(subject, "", { reply: "presence.in.1.gw.alice" });
    }
    // The same requests, answered where they should be: whatever the others caused has happened before.
    await as[role].request("$JS.API.DIRECT.GET.PRESENCE_STATUS.presence.set.alice");
    await as.tester.flush();
    expect(await logged()).toBe(before);
  });
});

test("service finds the services that run", async () => {
  const answering = as.gateway.subscribe("$SRV.PING", { callback: (_, ping) => void ping.respond("pong") });
  await as.gateway.flush();
  const answers = await as.service.requestMany("$SRV.PING", "", {
    strategy: "count",
    maxMessages: 1,
    maxWait: 5_000,
  });
  for await (const answer of answers) expect(answer.string()).toBe("pong");
  answering.unsubscribe();
});

test("what is refused is logged by subject", async () => {
  const logged: object[] = [];
  const logger = { error: (what: object) => void logged.push(what) } as Parameters<typeof openNats>[2];
  const link = await openNats(nats.as("gateway"), "gateway", logger);
  link.nc.publish("presence.set.alice", "{}");
  await link.nc.flush();
  await link.close();
  expect(logged).toEqual([{ user: "gateway", operation: "publish", subject: "presence.set.alice" }]);
});

test("an acknowledgement reaches the publisher alone", async () => {
  const acks = createAcks(as.gateway, inboxPrefix("gateway"), systemClock);
  const before = await logged();
  await acks.publish("presence.in.1.gw.alice", new Uint8Array());
  expect(await logged()).toBe(before + 1);
  acks.close();
});

test("workers change streams, sweepers trim the log and tidy the leases, and all agree on the shared settings", async () => {
  const open = (role: NatsRole) => openNats(nats.as(role), role);
  const [gateway, worker, sweeper] = await Promise.all([open("gateway"), open("worker"), open("sweeper")]);
  const logger = createLogger("test", "silent");
  for (const link of [gateway, worker, sweeper]) await agreeOnSettings(link, logger);
  await worker.updateStream((await worker.info("PRESENCE_EVENTS")).definition);
  await compareStreams(gateway, 1, { updates: false, logger });
  await sweeper.purge("PRESENCE_EVENTS", { below: 1 });
  const key = "$KV.PRESENCE_LEASES.w.dead";
  const { seq } = await worker.acks.publish(key, new Uint8Array());
  await sweeper.acks.publish(key, new Uint8Array(), { expected: seq, deletes: true });
  await sweeper.purge("KV_PRESENCE_LEASES", { filter: key });
  expect(await sweeper.lastValue("KV_PRESENCE_LEASES", key)).toBeUndefined();
  await Promise.all([gateway, worker, sweeper].map((link) => link.close()));
});
