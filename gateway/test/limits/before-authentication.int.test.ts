import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, type RunningGateway, type Servers, signIn, startServers } from "../harness.ts";

let servers: Servers;
let own: Awaited<ReturnType<Servers["ownStore"]>>;
let gateway: RunningGateway;
beforeAll(async () => {
  servers = await startServers();
  own = await servers.ownStore();
  gateway = await servers.gateway(
    { TRUSTED_PROXIES: "1", RATE_CONNECTS_PER_ADDRESS: "3", RATE_FAILED_AUTHS_PER_ADDRESS: "5" },
    { directory: { ...own.store.directory, anonymousSessions: (tokens) => counted(tokens) } },
  );
});
afterAll(async () => {
  await servers?.stop();
  await own?.close();
});

/** How many questions for sessions were under way at once, at most. */
let [underWay, most] = [0, 0];
const counted = async (tokens: readonly string[]) => {
  most = Math.max(most, ++underWay);
  try {
    return await own.store.directory.anonymousSessions(tokens);
  } finally {
    underWay--;
  }
};

let host = 0;
const from = () => ({ "x-forwarded-for": `198.51.100.${++host}` });
const passive = { "x-presence-passive": "1" };
const guess = (headers: Record<string, string>, sessionToken: string = randomUUID()) =>
  call(gateway.url, "/api/users/status", {
    headers: { ...headers, ...passive, "x-session-token": sessionToken },
  });

describe("sessions of Engine.IO", () => {
  it("from one address are refused by HTTP beyond twice the handshakes that are allowed", async () => {
    const headers = from();
    const open = () => fetch(`${gateway.url}/socket.io/?EIO=4&transport=polling`, { headers });
    for (let n = 0; n < 6; n++) expect((await open()).status).toBe(200);
    const refused = await open();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ error: { code: "rate_limited", retryable: true } });
    expect(
      (await fetch(`${gateway.url}/socket.io/?EIO=4&transport=polling`, { headers: from() })).status,
    ).toBe(200);
  });
});

describe("credentials that are refused", () => {
  it("are limited by address, then no session is looked for; good tokens are accepted all the same", async () => {
    const headers = from();
    for (let n = 0; n < 5; n++) expect((await guess(headers)).status).toBe(401);
    const before = own.statements();
    const { status, body } = await guess(headers);
    expect([status, body]).toMatchObject([429, { error: { code: "rate_limited" } }]);
    expect(own.statements()).toBe(before);
    const forged = { ...headers, authorization: "Bearer a.b.c" };
    expect((await call(gateway.url, "/api/users/status", { headers: forged })).status).toBe(429);
    expect((await call(gateway.url, "/api/users/status", { as: "alice", headers })).status).toBe(200);
    expect((await guess(from())).status).toBe(401);
  });

  it("are not counted where there are none", async () => {
    const headers = from();
    for (let n = 0; n < 10; n++)
      expect((await call(gateway.url, "/api/users/status", { headers })).status).toBe(401);
    expect((await guess(headers)).status).toBe(401);
  });

  it("that name an unknown session are remembered for a moment", async () => {
    const token = randomUUID();
    await guess(from(), token);
    const before = own.statements();
    expect((await guess(from(), token)).body).toMatchObject({ error: { code: "session_expired" } });
    expect(own.statements()).toBe(before);
  });

  it("take little of the database, however many come at once, and others are served meanwhile", async () => {
    most = 0;
    const guesses = Array.from({ length: 500 }, () => guess({}));
    const alice = await signIn(gateway.url, "alice");
    const answers = await Promise.all(guesses);
    expect(most).toBeLessThanOrEqual(2);
    for (const { status } of answers) expect([401, 429]).toContain(status);
    alice.close();
  });
});

describe("one transport", () => {
  it("is closed after ten refused attempts, most of which ask the database for nothing", async () => {
    const socket = new WebSocket(`${gateway.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`);
    const answers: string[] = [];
    const closed = new Promise((resolve) => socket.addEventListener("close", resolve));
    socket.addEventListener("message", ({ data }) => answers.push(String(data)));
    await new Promise((resolve) => socket.addEventListener("open", resolve));
    const before = own.statements();
    for (let n = 0; n < 2_000; n++) socket.send(`40${JSON.stringify({ sessionToken: randomUUID() })}`);
    await closed;
    expect(answers.filter((answer) => answer.startsWith("44")).length).toBeLessThanOrEqual(11);
    expect(own.statements() - before).toBeLessThanOrEqual(10);
  });
});
