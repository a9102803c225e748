import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  call,
  openClient,
  type RunningGateway,
  type Servers,
  signIn,
  startServers,
  tokenFor,
} from "../harness.ts";

let servers: Servers;
let gateway: RunningGateway;
beforeAll(async () => {
  servers = await startServers();
  gateway = await servers.gateway({
    TRUSTED_PROXIES: "1",
    RATE_CONNECTS_PER_ADDRESS: "3",
    RATE_CONNECTS_PER_USER: "2",
    RATE_REQUESTS_PER_ADDRESS: "5",
    RATE_REQUESTS_PER_USER: "3",
    RATE_EVENTS_PER_SOCKET: "4",
    RATE_EVENTS_PER_USER: "6",
  });
});
afterAll(() => servers?.stop());

let host = 0;
/** Another client's address each time. */
const from = (address = `198.51.100.${++host}`) => ({ "x-forwarded-for": `1.1.1.1, ${address}` });
const refusal = {
  code: "rate_limited",
  message: expect.any(String),
  retryable: true,
  retryAfterMs: expect.any(Number),
};

/** What becomes of a handshake: `authenticated`, or the end of its transport. */
async function knock(userId: string, headers = from()): Promise<unknown> {
  const client = openClient(gateway.url, { token: tokenFor(userId) }, { extraHeaders: headers });
  const end = await Promise.race([
    client.nth("presence:snapshot").then(() => "in"),
    client.nth("disconnect").catch(() => new Promise(() => {})),
  ]);
  client.close();
  return end;
}

describe("more handshakes than their rate", () => {
  it("from one address are refused, for every user, and other addresses are not", async () => {
    const headers = from();
    for (const user of ["alice", "bob", "carol"]) expect(await knock(user, headers)).toBe("in");
    expect(await knock("dave", headers)).toBe("transport close");
    expect(await knock("dave")).toBe("in");
  });

  it("of one person are refused, from wherever", async () => {
    expect(await knock("admin")).toBe("in");
    expect(await knock("admin")).toBe("in");
    expect(await knock("admin")).toBe("transport close");
  });
});

describe("more requests than their rate", () => {
  it("of one person get 429 and when to come again", async () => {
    const ask = () => call(gateway.url, "/api/users/status", { as: "bob", headers: from() });
    for (let n = 0; n < 3; n++) expect((await ask()).status).toBe(200);
    const { status, headers, body } = await ask();
    expect(status).toBe(429);
    expect(body).toEqual({ error: refusal });
    const { retryAfterMs } = (body as { error: { retryAfterMs: number } }).error;
    expect(headers.get("retry-after")).toBe(String(Math.ceil(retryAfterMs / 1_000)));
  });

  it("from one address get 429, with a token or without, also where there is no route; health and metrics do not", async () => {
    const headers = from();
    for (let n = 0; n < 5; n++) expect((await call(gateway.url, "/nothing", { headers })).status).toBe(404);
    expect((await call(gateway.url, "/nothing", { headers })).body).toEqual({ error: refusal });
    expect((await call(gateway.url, "/api/users/me", { as: "carol", headers })).status).toBe(429);
    for (const path of ["/health/live", "/health/ready", "/metrics"]) {
      expect((await fetch(gateway.url + path, { headers })).status).toBe(200);
    }
  });
});

describe("more events than their rate", () => {
  it("of one socket are answered so, the others go on; a flood without acknowledgements gets one error", async () => {
    const users = servers.db.user;
    await users.create({ data: { id: "eve", username: "eve" } });
    const [noisy, quiet] = [await signIn(gateway.url, "eve"), await signIn(gateway.url, "eve")];
    for (let n = 0; n < 4; n++) expect(await noisy.ask("activity")).toEqual({ success: true });
    expect(await noisy.ask("activity")).toEqual({ success: false, error: refusal });
    for (let n = 0; n < 10; n++) noisy.socket.emit("activity");
    expect(await noisy.ask("activity")).toEqual({ success: false, error: refusal });
    expect(noisy.all("error")).toHaveLength(0);
    // The acknowledgement has said so already; a first refusal without one is an event of its own.
    expect(await quiet.ask("activity")).toEqual({ success: true });
    expect(await quiet.ask("activity")).toEqual({ success: true });
    for (let n = 0; n < 10; n++) quiet.socket.emit("activity");
    expect(await quiet.ask("activity")).toEqual({ success: false, error: refusal });
    expect(quiet.all("error")).toEqual([refusal]);
    noisy.close();
    quiet.close();
  });
});

it("what was refused is counted by what it was", async () => {
  const { values } = (await gateway.registry.getSingleMetric("meeshy_throttled_requests_total")?.get()) ?? {};
  const refused = Object.fromEntries((values ?? []).map(({ labels, value }) => [labels.what, value]));
  expect(refused).toMatchObject({ connect: 2, request: 3, event: 23 });
});

describe("another origin", () => {
  const origin = "https://elsewhere.example";
  const allowed = async (url: string, path: string, init: RequestInit = {}) =>
    (await fetch(url + path, { ...init, headers: { origin } })).headers.get("access-control-allow-origin");
  const paths = ["/api/users/me", "/socket.io/?EIO=4&transport=polling"];

  it("is not let in unless it is named", async () => {
    const [closed, named] = [
      await servers.gateway(),
      await servers.gateway({ CORS_ORIGINS: `https://app.example, ${origin}` }),
    ];
    for (const path of paths) {
      expect(await allowed(closed.url, path)).toBeNull();
      expect(await allowed(named.url, path)).toBe(origin);
    }
    const other = await servers.gateway({ CORS_ORIGINS: "https://app.example" });
    for (const path of paths) expect(await allowed(other.url, path)).not.toBe(origin);
  });

  it("may use every method of the interface where it is named", async () => {
    const { url } = await servers.gateway({ CORS_ORIGINS: origin });
    for (const [method, path] of [
      ["PUT", "/api/users/me/availability"],
      ["DELETE", "/api/users/me/availability"],
      ["PATCH", "/api/users/me/preferences"],
    ] as const) {
      const headers = { origin, "access-control-request-method": method };
      const answer = await fetch(url + path, { method: "OPTIONS", headers });
      expect(answer.headers.get("access-control-allow-methods"), method).toContain(method);
    }
  });
});
