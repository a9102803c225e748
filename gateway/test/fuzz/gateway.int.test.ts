import { ERRORS } from "@meeshy/shared/codes";
import { CLIENT_EVENTS, SERVER_EVENTS } from "@meeshy/shared/event-names";
import {
  chatSubject,
  gatewaySubject,
  statusSetSubject,
  statusSubject,
  typingSubject,
} from "@meeshy/shared/subjects";
import { almost, anyJson } from "@meeshy/shared/testing/almost";
import { eventually } from "@meeshy/shared/testing/eventually";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { FRAME_MAX_BYTES } from "../../src/connections/socket-server.ts";
import {
  type Client,
  openClient,
  type RunningGateway,
  type Servers,
  signIn,
  startServers,
  tokenFor,
} from "../harness.ts";

/**
 * Arbitrary input at every entry point. The gateway runs in this process: an uncaught exception, or an unhandled
 * rejection, fails the run. After each entry point the gateway must still do its work.
 */
const UNLIMITED = Object.fromEntries(
  [
    "CONNECTS_PER_ADDRESS",
    "CONNECTS_PER_USER",
    "REQUESTS_PER_USER",
    "ENTRIES_PER_USER",
    "EVENTS_PER_SOCKET",
    "EVENTS_PER_USER",
  ].map((name) => [`RATE_${name}`, "0"]),
);
let servers: Servers;
let gateway: RunningGateway;
let version = 1_000;
beforeAll(async () => {
  servers = await startServers();
  gateway = await servers.gateway(UNLIMITED);
});
afterAll(() => servers?.stop());

afterEach(async () => {
  expect((await fetch(`${gateway.url}/health/ready`)).status).toBe(200);
  const alice = await signIn(gateway.url, "alice");
  version += 2;
  await servers.publishStatus("carol", {
    conversationIds: ["general"],
    version: version - 1,
    isOnline: false,
  });
  await servers.publishStatus("carol", { conversationIds: ["general"], version });
  await eventually(() => alice.all("user:status").some((status) => status.version === version));
  alice.close();
});

/** What must never leave the process. */
const INSIDE = /\bat .*:\d+:\d+|node_modules|\.ts:\d|\/src\/|Prisma|postgres|ECONN|SELECT |TypeError/;
const expectNoInside = (text: string) => expect(text).not.toMatch(INSIDE);

const runs = { endOnFailure: true };
const AT_ONCE = 50;
const batch = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: AT_ONCE, maxLength: AT_ONCE });

describe("Socket.IO", () => {
  const ids = { userIds: ["bob", "carol"] };
  const payload = fc.oneof(
    almost({ conversationId: "general", content: "hello" }),
    almost(ids),
    anyJson(),
    fc.uint8Array({ maxLength: 100 }),
    fc.record({ file: fc.uint8Array({ maxLength: 10 }), userIds: anyJson() }),
  );
  const RESERVED = [
    "connect",
    "connect_error",
    "disconnect",
    "disconnecting",
    "newListener",
    "removeListener",
  ];
  const name = fc
    .oneof(
      { weight: 6, arbitrary: fc.constantFrom<string>(...Object.values(CLIENT_EVENTS)) },
      fc.constantFrom<string>(
        ...Object.values(SERVER_EVENTS),
        "error",
        "__proto__",
        "constructor",
        "toString",
      ),
      fc.string({ unit: "binary" }),
    )
    .filter((text) => !RESERVED.includes(text));
  const ANSWER_CODES = Object.keys(ERRORS);

  it("answers each of 5,000 events with success or an error of the catalogue", async () => {
    const client = await signIn(gateway.url, "bob");
    // A larger frame gets no answer: it closes its socket.
    const one = fc
      .tuple(name, fc.array(payload, { maxLength: 3 }))
      .filter((packet) => Buffer.byteLength(JSON.stringify(packet)) < FRAME_MAX_BYTES - 1_000);
    await fc.assert(
      fc.asyncProperty(batch(one), async (events) => {
        const answers = await Promise.all(
          events.map(([event, args]) => client.socket.timeout(30_000).emitWithAck(event, ...args)),
        );
        for (const answer of answers) {
          if (answer.success === true) continue;
          expect(ANSWER_CODES).toContain(answer.error.code);
          expect(answer.error.code).not.toBe("internal");
          expectNoInside(JSON.stringify(answer));
        }
      }),
      { ...runs, numRuns: 100 },
    );
    expect(client.socket.connected).toBe(true);
    client.close();
  });

  it("refuses 500 handshakes of any shape, or lets them in", async () => {
    const auth = fc.oneof(
      almost({ token: tokenFor("dave"), device: "phone", batch: true, sessionToken: "x", traceparent: "y" }),
      fc.dictionary(fc.string(), anyJson(), { maxKeys: 3 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(auth, { minLength: 25, maxLength: 25 }), async (auths) => {
        const clients = auths.map((given) => openClient(gateway.url, given as object));
        const ends = await Promise.all(clients.map(endOf));
        for (const end of ends) expectNoInside(JSON.stringify(end));
        for (const client of clients) client.close();
      }),
      { ...runs, numRuns: 20 },
    );
  });

  const endOf = async (client: Client): Promise<unknown> => {
    const end = await eventually(() =>
      client.received.find(({ event }) => ["connect_error", "authenticated", "disconnect"].includes(event)),
    );
    if (end.event === "connect_error") expect(ANSWER_CODES).toContain((end.payload as { code: string }).code);
    return end.payload;
  };

  it("outlives 750 packets that no client would send", async () => {
    const packet = fc.oneof(
      fc.string({ unit: "binary", maxLength: 50 }),
      fc
        .tuple(
          fc.constantFrom("0", "1", "3", "4", "40", "41", "42", "43", "44", "45", "46", "6"),
          fc.string(),
        )
        .map((parts) => parts.join("")),
      fc
        .tuple(fc.constantFrom("40", "42", "42/x,", "4299999", "451-", "461-", "450-"), anyJson())
        .map(([head, body]) => head + JSON.stringify(body)),
      fc.constantFrom(...RESERVED, "error", "__proto__").map((event) => `42${JSON.stringify([event, {}])}`),
      fc.constantFrom('451-["activity",{"_placeholder":true,"num":9e9}]', `451-["a",${"[".repeat(30_000)}`),
      fc.uint8Array({ maxLength: 100 }),
    );
    const token = tokenFor("dave");
    await fc.assert(
      fc.asyncProperty(fc.array(packet, { minLength: 5, maxLength: 5 }), async (packets) => {
        const socket = new WebSocket(
          `${gateway.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`,
        );
        const closed = new Promise<void>((resolve) => socket.addEventListener("close", () => resolve()));
        const said: string[] = [];
        socket.addEventListener("message", ({ data }) => said.push(String(data)));
        socket.addEventListener("error", () => {});
        await eventually(() => said.length > 0);
        socket.send(`40${JSON.stringify({ token })}`);
        await eventually(() => said.length > 1);
        for (const one of packets) socket.send(one);
        socket.close();
        await closed;
        expectNoInside(said.join("\n"));
      }),
      { ...runs, numRuns: 150 },
    );
  });
});

describe("REST", () => {
  it("answers each of 2,000 requests with what the route says, or an error of the catalogue", async () => {
    const document = (await (await fetch(`${gateway.url}/api/openapi.json`)).json()) as {
      paths: Record<string, Record<string, unknown>>;
    };
    // The administrators' orders act on other processes, which are not here; transitions do not end.
    const lists = ["/api/admin/users", "/api/admin/partitions"];
    const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
      path.startsWith("/api/admin") && !lists.includes(path)
        ? []
        : Object.keys(methods).map((method) => ({ path, method })),
    );
    expect(routes.length).toBeGreaterThan(8);
    const text = fc.oneof(
      fc.constantFrom(
        "bob",
        "general",
        "me",
        "presence",
        "..",
        "%00",
        "%zz",
        "a,b",
        "anon_guest",
        "%F0%28%8C%28",
      ),
      fc.string({ unit: "binary", maxLength: 30 }).map((raw) => encodeURIComponent(raw.toWellFormed())),
    );
    const request = fc.record({
      route: fc.constantFrom(...routes),
      part: text,
      query: fc.dictionary(fc.constantFrom("ids", "limit", "cursor", "q", "state", "x", "__proto__"), text, {
        maxKeys: 2,
      }),
      body: fc.oneof(
        almost({ conversationId: "general", content: "hello" }).map((value) => JSON.stringify(value)),
        almost({ availability: "busy", statusText: "x", expiresAt: "2030-01-01T00:00:00Z" }).map((value) =>
          JSON.stringify(value),
        ),
        anyJson().map((value) => JSON.stringify(value)),
        fc.string({ unit: "binary" }),
      ),
      type: fc.constantFrom("application/json", "text/plain", "application/x-www-form-urlencoded", "x"),
      token: fc.constantFrom(tokenFor("dave"), tokenFor("admin", { role: "ADMIN" }), "x.y.z", ""),
    });
    await fc.assert(
      fc.asyncProperty(batch(request), async (requests) => {
        const answers = await Promise.all(
          requests.map(async ({ route: { path, method }, part, query, body, type, token }) => {
            const search = Object.entries(query).map(([key, value]) => `${key}=${value}`);
            const url = `${gateway.url}${path.replace(/\{\w+\}/g, () => part)}?${search.join("&")}`;
            const init =
              method === "get" || method === "delete" ? {} : { body, headers: { "content-type": type } };
            const headers = { ...init.headers, authorization: `Bearer ${token}` };
            const answer = await fetch(url, { ...init, method: method.toUpperCase(), headers });
            return { status: answer.status, text: await answer.text(), url, method };
          }),
        );
        for (const { status, text: answered, url, method } of answers) {
          if (status < 300) continue;
          expect(status, `${method} ${url}: ${answered}`).not.toBe(500);
          expect(Object.keys(ERRORS)).toContain(JSON.parse(answered).error.code);
          expectNoInside(answered);
        }
      }),
      { ...runs, numRuns: 40 },
    );
  });
});

describe("NATS", () => {
  it("sets 1,500 messages aside that make no sense, statuses, commands and chat, and shows none of them", async () => {
    const watching = await signIn(gateway.url, "bob");
    const status = {
      userId: "carol",
      username: "carol",
      isAnonymous: false,
      isOnline: true,
      availability: "available",
      statusText: null,
      lastActiveAt: null,
      lastSeen: null,
      epoch: 1,
      version: 1,
      cause: "connect",
      at: null,
      conversationIds: ["general"],
      directoryVersion: 0,
    };
    const gatewayId = (await servers.readLog())[0]?.publisher ?? "";
    const command = { type: "close", userId: "missing", connectionIds: ["none"], reason: "admin" };
    const subjects = fc.constantFrom(
      statusSubject("carol"),
      statusSetSubject("carol"),
      `${statusSetSubject("carol")}=ZZ`,
      gatewaySubject(gatewayId),
      chatSubject("general"),
      typingSubject("general"),
    );
    const notice = { conversationId: "general", userId: 7, at: "2030-01-01T00:00:00.000Z" };
    const bytes = fc.oneof(
      almost(status).map((value) => JSON.stringify(value)),
      almost(command).map((value) => JSON.stringify(value)),
      almost(notice).map((value) => JSON.stringify(value)),
      anyJson().map((value) => JSON.stringify(value)),
      fc.string(),
      fc.uint8Array(),
    );
    await fc.assert(
      fc.asyncProperty(batch(fc.tuple(subjects, bytes)), async (messages) => {
        for (const [subject, data] of messages) servers.link.nc.publish(subject, data);
        await servers.link.nc.flush();
      }),
      { ...runs, numRuns: 30 },
    );
    version = 2 ** 40;
    await servers.publishStatus("carol", { conversationIds: ["general"], version });
    await eventually(() => watching.all("user:status").some((status) => status.version === version));
    for (const status of watching.all("user:status")) {
      expect(status).toMatchObject({
        userId: "carol",
        epoch: expect.any(Number),
        version: expect.any(Number),
      });
    }
    expect(watching.all("message:new")).toEqual([]);
    expect(watching.all("typing")).toEqual([]);
    watching.close();
  });
});
