import { eventually } from "@meeshy/shared/testing/eventually";
import {
  type OtlpReceiver,
  type ReceivedSpan,
  startOtlpReceiver,
} from "@meeshy/shared/testing/otlp-receiver";
import { openRawClient, type RawClient } from "@meeshy/shared/testing/raw-client";
import type { RunningStack } from "@meeshy/shared/testing/stack";
import { startTestStack } from "@meeshy/shared/testing/test-stack";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

/** One trace from what a person does to what others see, through four processes. */

const LOG = "presence.in.{partition}.{source}.{user}";
const STATUS = "presence.set.{user}";
const [SERVER, CLIENT, PRODUCER, CONSUMER] = [2, 3, 4, 5];

let receiver: OtlpReceiver;
let stack: RunningStack;
const ENV = {
  DISCONNECT_GRACE_MS: "300",
  GATEWAY_LEASE_MS: "1500",
  OFFLINE_THRESHOLD_MS: "5000",
  ACTIVITY_THROTTLE_MS: "0",
  OTEL_TRACES_SAMPLER_ARG: "0",
};
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  stack = await startTestStack({
    args: ["--gateways", "2", "--no-web"],
    env: { ...ENV, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
  });
});
afterAll(async () => {
  await stack?.stop();
  receiver?.stop();
});

async function connect(
  gateway: number,
  user: string,
  auth: Record<string, unknown> = {},
  seen: unknown[] = [],
): Promise<RawClient> {
  const { promise: hasView, resolve } = Promise.withResolvers<void>();
  const client = openRawClient({
    url: stack.urls[gateway] ?? "",
    auth: { token: stack.token(user), ...auth },
    onEvent: (name, payload) => {
      if (name === "user:status") seen.push(payload);
      if (name === "presence:snapshot") resolve();
    },
  });
  onTestFinished(() => client.vanish());
  await client.connected;
  // Before that, changes are part of the view.
  await hasView;
  return client;
}

let traces = 0;
/** A sampled context as a browser would begin one. */
function newContext() {
  const traceId = (++traces).toString(16).padStart(32, "a");
  const spanId = "b".repeat(16);
  return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-01` };
}

const inTrace = (traceId: string) => receiver.spans.filter((span) => span.traceId === traceId);
const named = (spans: readonly ReceivedSpan[], name: string) => spans.filter((span) => span.name === name);
const within = { within: 60_000 };

/** The names from a span up to the root of its trace. */
function pathOf(span: ReceivedSpan): string[] {
  const parent = inTrace(span.traceId).find(({ spanId }) => spanId === span.parentId);
  return [`${span.service} ${span.name}`, ...(parent ? pathOf(parent) : [])];
}
const EMITTED = [
  "meeshy-gateway emit user:status",
  `meeshy-gateway process ${STATUS}`,
  `meeshy-presence-worker send ${STATUS}`,
  `meeshy-presence-worker process ${LOG}`,
];

/** Waits until an emit of the trace comes from these spans, up to the trace's root. */
const comesFrom = (traceIdNow: () => string, expected: string[]) =>
  eventually(() => {
    expect(named(inTrace(traceIdNow()), "emit user:status").map(pathOf)).toContainEqual(expected);
    return true;
  });
const processOf = (cause: string, to: string) =>
  receiver.spans.filter(
    ({ name, attributes }) =>
      name === `process ${LOG}` && attributes["meeshy.cause"] === cause && attributes["meeshy.to"] === to,
  );

describe("a trace", () => {
  test("leads from a browser's connect to its contacts' gateways, and links the records and the row", async () => {
    await connect(0, "bob");
    const { traceId, spanId, traceparent } = newContext();
    await connect(1, "alice", { traceparent });
    await comesFrom(() => traceId, [...EMITTED, `meeshy-gateway send ${LOG}`, "meeshy-gateway handshake"]);
    const spans = await eventually(() => {
      const all = inTrace(traceId);
      return named(all, "handshake").length > 0 && all;
    }, within);
    const [handshake] = named(spans, "handshake");
    expect(handshake).toMatchObject({ parentId: spanId, kind: SERVER });
    expect(named(spans, "read directory")[0]).toMatchObject({ parentId: handshake?.spanId, kind: CLIENT });
    expect(named(spans, `send ${LOG}`)[0]).toMatchObject({
      kind: PRODUCER,
      attributes: {
        "messaging.system": "nats",
        "messaging.operation.type": "send",
        "meeshy.event": "connected",
      },
    });
    const [processed] = named(spans, `process ${LOG}`);
    expect(processed).toMatchObject({
      kind: CONSUMER,
      attributes: {
        "messaging.operation.type": "process",
        "meeshy.from": "offline",
        "meeshy.to": "online",
        "meeshy.cause": "connect",
      },
    });
    expect(processed?.attributes["messaging.destination.partition.id"]).toMatch(/^\d+$/);
    expect(Number(processed?.attributes["meeshy.version"])).toBeGreaterThan(0);
    for (const name of ["write records", "write rows"]) {
      const linked = await eventually(
        () =>
          named(receiver.spans, name).find(({ links }) =>
            links.some((link) => link.traceId === traceId && link.spanId === processed?.spanId),
          ),
        { ...within, what: name },
      );
      expect(linked.traceId).not.toBe(traceId);
    }

    // The same id stands in the log of each process, and in the person's history.
    for (const process of ["gateway-1", "gateway-2", "presence-worker-1"])
      expect(stack.log(process), process).toContain(`"traceId":"${traceId}"`);
    const database = new pg.Client({ connectionString: stack.read().database.url });
    await database.connect();
    onTestFinished(() => database.end());
    await eventually(
      async () =>
        (await database.query(`SELECT 1 FROM "PresenceTransition" WHERE "traceId" = $1`, [traceId])).rows
          .length === 1,
      within,
    );
  });

  test("of a person without activity begins in the worker, and goes on to offline", async () => {
    await connect(0, "bob");
    await connect(1, "carol");
    const zombie = await eventually(() => processOf("idle", "zombie").at(-1), within);
    expect(zombie.parentId).toBe("");
    await comesFrom(() => zombie.traceId, [...EMITTED, `meeshy-presence-worker process ${LOG}`]);
    const offline = inTrace(zombie.traceId).find(({ attributes }) => attributes["meeshy.to"] === "offline");
    expect(offline?.parentId).toBe(zombie.spanId);
  });

  test("of REST activity that brings a person back begins at the request", async () => {
    const seen: { userId: string; isOnline: boolean }[] = [];
    const viewer = await connect(0, "bob", {}, seen);
    await connect(1, "alice");
    await eventually(async () => {
      viewer.emit("activity");
      return seen.some(({ userId, isOnline }) => userId === "alice" && !isOnline);
    }, within);
    const { traceId, spanId, traceparent } = newContext();
    await fetch(`${stack.urls[1]}/api/users/status`, {
      headers: { authorization: `Bearer ${stack.token("alice")}`, traceparent },
    });
    await comesFrom(
      () => traceId,
      [...EMITTED, `meeshy-gateway send ${LOG}`, "meeshy-gateway GET /api/users/status"],
    );
    const [request] = named(inTrace(traceId), "GET /api/users/status");
    expect(request).toMatchObject({ parentId: spanId, kind: SERVER });
    expect(request?.attributes["http.response.status_code"]).toBe("200");
    expect(named(inTrace(traceId), `process ${LOG}`)[0]?.attributes).toMatchObject({
      "meeshy.cause": "activity",
      "meeshy.to": "online",
    });
  });

  test("of a choice of availability, or an administrator's order, begins at the request", async () => {
    await connect(0, "bob");
    await connect(1, "alice");
    const choice = newContext();
    await fetch(`${stack.urls[1]}/api/users/me/availability`, {
      method: "PUT",
      headers: {
        authorization: `Bearer ${stack.token("alice")}`,
        "content-type": "application/json",
        traceparent: choice.traceparent,
      },
      body: JSON.stringify({ availability: "busy" }),
    });
    await comesFrom(
      () => choice.traceId,
      [...EMITTED, `meeshy-gateway send ${LOG}`, "meeshy-gateway PUT /api/users/me/availability"],
    );
    const order = newContext();
    await fetch(`${stack.urls[0]}/api/admin/users/alice/disconnect`, {
      method: "POST",
      headers: { authorization: `Bearer ${stack.token("admin")}`, traceparent: order.traceparent },
    });
    await comesFrom(
      () => order.traceId,
      [...EMITTED, "meeshy-gateway POST /api/admin/users/:userId/disconnect"],
    );
  });

  test("of a killed gateway begins in the sweeper", async () => {
    await connect(0, "bob");
    await connect(1, "alice");
    process.kill(stack.read().gateways[1]?.pid ?? 0, "SIGKILL");
    const [lost] = await eventually(() => {
      const found = named(receiver.spans, "declare gateway lost");
      return found.length > 0 && found;
    }, within);
    expect(lost).toMatchObject({ parentId: "", service: "meeshy-sweeper" });
    await comesFrom(
      () => lost?.traceId ?? "",
      [
        ...EMITTED,
        `meeshy-presence-worker process ${LOG}`,
        `meeshy-sweeper send ${LOG}`,
        "meeshy-sweeper declare gateway lost",
      ],
    );
  });

  test("carries no id in a name, and time that passes is no span", () => {
    const names = new Set(receiver.spans.map(({ name }) => name));
    expect([...names].filter((name) => /alice|bob|carol|\d/.test(name))).toEqual([]);
    // With 128 timeouts a second there would be thousands.
    expect(named(receiver.spans, `process ${LOG}`).length).toBeLessThan(200);
  });
});

describe("an endpoint that cannot take spans", () => {
  test.each(["hangs", "refuses"])("that %s has no effect on presence, nor on the stop", async (how) => {
    const broken = await startOtlpReceiver({ hangs: true });
    if (how === "refuses") broken.stop();
    onTestFinished(() => broken.stop());
    const other = await startTestStack({
      args: ["--no-web"],
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: broken.url },
    });
    const seen: { userId: string; isOnline: boolean }[] = [];
    const open = (user: string, events: typeof seen = []) =>
      openRawClient({
        url: other.urls[0] ?? "",
        auth: { token: other.token(user) },
        onEvent: (name, payload) => {
          if (name === "user:status") events.push(payload as (typeof seen)[number]);
        },
      });
    const viewer = open("bob", seen);
    await viewer.connected;
    const person = open("alice");
    await eventually(() => seen.some(({ userId, isOnline }) => userId === "alice" && isOnline));
    person.leave();
    await eventually(() => seen.some(({ userId, isOnline }) => userId === "alice" && !isOnline));
    viewer.vanish();
    expect(await other.stop()).toBe(0);
  });
});
