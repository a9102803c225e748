import { createServer } from "node:http";
import { type AddressInfo, connect as connectTcp } from "node:net";
import { promisify } from "node:util";
import { eventually } from "@meeshy/shared/testing/eventually";
import { openRawClient } from "@meeshy/shared/testing/raw-client";
import { Registry } from "prom-client";
import { io } from "socket.io-client";
import { expect, it, onTestFinished } from "vitest";
import { attachSocketServer, createSocketServer } from "../../src/connections/socket-server.ts";
import { createGatewayMetrics } from "../../src/metrics.ts";
import { createAdmissionControl } from "../../src/sockets/admission.ts";
import { settle } from "../harness.ts";

/** More handshakes than may ask the directory at a time: while they last, no one is let in. */
const CROWD = 200;
const UPGRADE =
  "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n";

async function startAdmission() {
  const registry = new Registry();
  const admission = createAdmissionControl({
    metrics: createGatewayMetrics(registry),
    canServe: () => true,
  });
  const http = createServer();
  const server = createSocketServer(admission, {
    socketPath: "/socket.io/",
    corsOrigins: [],
    heartbeat: { pingIntervalMs: 25_000, pingTimeoutMs: 10_000, connectTimeoutMs: 45_000 },
  });
  attachSocketServer(server, http);
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    admission.close();
    await server.close();
  });
  return {
    admission,
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    connections: () => promisify(http.getConnections.bind(http))(),
    refused: async () => {
      const values = await registry.getSingleMetric("meeshy_admission_refused_total")?.get();
      return values?.values[0]?.value ?? 0;
    },
  };
}

/** A stock client as applications use it, with what befell it. */
function openStock(url: string, options: object) {
  const client = io(url, { forceNew: true, reconnectionDelay: 100, ...options });
  const failures: string[] = [];
  client.on("connect_error", ({ message }) => failures.push(message));
  onTestFinished(() => void client.disconnect());
  return { client, failures };
}

const crowd = (admission: { handshake(): () => void }) => {
  const ends = Array.from({ length: CROWD }, () => admission.handshake());
  return {
    disperse() {
      for (const end of ends) end();
    },
  };
};

it("a held handshake is admitted when there is room, without a failure at its client", async () => {
  const { admission, url, refused, connections } = await startAdmission();
  const { disperse } = crowd(admission);
  const stocks = ["websocket", "polling"].map((transport) => openStock(url, { transports: [transport] }));
  const gone = openRawClient({ url, auth: {} });
  await eventually(async () => (await connections()) === 3);
  await settle();
  expect(stocks.map(({ client }) => client.connected)).toEqual([false, false]);
  const reset = connectTcp(Number(new URL(url).port), "127.0.0.1");
  reset.write(UPGRADE);
  await eventually(async () => (await connections()) === 4);
  await settle();
  reset.resetAndDestroy();
  await eventually(async () => (await connections()) === 3);
  gone.vanish();
  disperse();
  await eventually(() => stocks.every(({ client }) => client.connected));
  expect(stocks.flatMap(({ failures }) => failures)).toEqual([]);
  expect(await refused()).toBe(0);
});

it("a handshake that waited too long is refused before the namespace, so that stock clients come back by themselves", async () => {
  const { admission, url, refused } = await startAdmission();
  const { disperse } = crowd(admission);
  const stocks = ["websocket", "polling"].map((transport) => openStock(url, { transports: [transport] }));
  await eventually(() => stocks.every(({ failures }) => failures.length > 0));
  expect(await refused()).toBeGreaterThanOrEqual(stocks.length);
  disperse();
  await eventually(() => stocks.every(({ client }) => client.connected));
});

it("a refusal says when to come back, to each another time", async () => {
  const { admission, url, refused } = await startAdmission();
  admission.close();
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => fetch(`${url}/socket.io/?EIO=4&transport=polling`)),
  );
  const bodies = (await Promise.all(answers.map((answer) => answer.json()))) as {
    error: { retryAfterMs: number };
  }[];
  for (const [n, answer] of answers.entries()) {
    const { error } = bodies[n] as (typeof bodies)[number];
    expect(answer.status).toBe(503);
    expect(error).toMatchObject({ code: "unavailable", retryable: true });
    expect(Number(answer.headers.get("retry-after"))).toBe(Math.ceil(error.retryAfterMs / 1_000));
  }
  expect(new Set(bodies.map(({ error }) => error.retryAfterMs)).size).toBeGreaterThan(10);
  await expect(openRawClient({ url, auth: {} }).connected).rejects.toThrow("503");
  expect(await refused()).toBe(21);
});
