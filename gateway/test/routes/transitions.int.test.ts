import { once } from "node:events";
import { type ClientRequest, get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import type { TransitionRow } from "@meeshy/shared/ports/transition-history";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { call, type RunningGateway, type Servers, startServers, tokenFor } from "../harness.ts";

let servers: Servers;
let gateway: RunningGateway;
const open = new Set<ClientRequest>();
beforeAll(async () => {
  servers = await startServers();
  gateway = await servers.gateway();
});
afterEach(() => {
  for (const request of open) request.destroy();
  open.clear();
});
afterAll(() => servers?.stop());

const line = (version: number): TransitionRow => ({
  ...{ userId: "auth0|ann", epoch: 2, version, at: Date.now(), from: "zombie", to: "offline" },
  ...{ cause: "idle", connectionId: "c1", traceId: null },
});

/** Listens; what it has received is read from `text`. On a connection of its own, which ends with it. */
async function listen({ url = gateway.url, expiresIn = 60 } = {}) {
  const authorization = `Bearer ${tokenFor("admin", { role: "ADMIN" }, { expiresIn })}`;
  const request = get(`${url}/api/admin/transitions`, { agent: false, headers: { authorization } });
  open.add(request);
  request.on("error", () => {});
  const [answer] = (await once(request, "response")) as [IncomingMessage];
  const state = { answer, text: "", isOver: false, isCutOff: false, abort: () => request.destroy() };
  answer.on("data", (chunk) => {
    state.text += chunk;
  });
  answer.on("error", () => {
    state.isCutOff = true;
  });
  answer.on("close", () => {
    state.isOver = true;
  });
  await eventually(() => state.text.length > 0, { what: "the first line" });
  return state;
}

const events = (text: string) =>
  [...text.matchAll(/^event: transition\ndata: (.+)$/gm)].map(([, data]) => JSON.parse(data ?? ""));

it("every listener receives what is stored from now on, whole and once", async () => {
  await servers.store.history.write([line(1)]);
  const listeners = [await listen(), await listen()];
  const stored = [line(2), line(3)];
  await servers.store.history.write(stored);
  const expected = stored.map((row) => ({ ...row, at: new Date(row.at).toISOString() }));
  for (const listener of listeners) {
    await eventually(() => events(listener.text).length >= 2, { what: "both lines" });
    expect(events(listener.text)).toEqual(expected);
  }
  const { headers } = listeners[0]?.answer ?? {};
  expect(headers).toMatchObject({ "content-type": "text/event-stream", "cache-control": "no-store" });
});

it("it ends with the token, and with the gateway", async () => {
  const brief = await listen({ expiresIn: 2 });
  const second = await servers.gateway({ OPS_PORT: "0" });
  const onOps = await listen({ url: `http://127.0.0.1:${second.opsPort}` });
  const onPublic = await listen({ url: second.url });
  await eventually(() => brief.isOver, { what: "the end of the token" });
  expect(onOps.isOver).toBe(false);
  await second.stop();
  await eventually(() => onOps.isOver && onPublic.isOver, { what: "the end of the gateway" });
  expect([brief, onOps, onPublic].map(({ isCutOff }) => isCutOff)).toEqual([false, false, false]);
});

it("a listener that reads nothing does not hold up the stop of the gateway", async () => {
  const second = await servers.gateway();
  const socket = connect(Number(new URL(second.url).port), "127.0.0.1");
  const authorization = `authorization: Bearer ${tokenFor("admin", { role: "ADMIN" })}`;
  socket.write(`GET /api/admin/transitions HTTP/1.1\r\nhost: x\r\n${authorization}\r\n\r\n`);
  await once(socket, "readable");
  const began = performance.now();
  await second.stop();
  expect(performance.now() - began).toBeLessThan(30_000);
  socket.destroy();
});

it("one listener too many is refused as unavailable, until one has left", async () => {
  const listeners = await Promise.all(Array.from({ length: 50 }, () => listen()));
  const path = "/api/admin/transitions";
  const headers = { authorization: `Bearer ${tokenFor("admin", { role: "ADMIN" })}` };
  const refused = await call(gateway.url, path, { headers });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);
  expect(refused.body).toMatchObject({ error: { code: "unavailable", retryable: true } });
  listeners[0]?.abort();
  await eventually(async () => (await listen()).answer.statusCode === 200, { what: "there is room again" });
});

it("asked for its head alone, there is no such route", async () => {
  const headers = { authorization: `Bearer ${tokenFor("admin", { role: "ADMIN" })}` };
  const answer = await fetch(`${gateway.url}/api/admin/transitions`, { method: "HEAD", headers });
  expect(answer.status).toBe(404);
});
