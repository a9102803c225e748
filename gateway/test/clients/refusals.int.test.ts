import type { Directory, PresenceStore } from "@meeshy/shared/directory";
import { eventually } from "@meeshy/shared/testing/eventually";
import { io as io4 } from "socket.io-client";
import { io as io3 } from "socket.io-client-3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openClient, type RunningGateway, type Servers, startServers, tokenFor } from "../harness.ts";

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers?.stop());

type Source = Directory & PresenceStore;
/** The directory as it is, but for people, who are read in the given way. */
const reading = (people: NonNullable<Source["people"]>): Source => ({
  ...servers.store.directory,
  people,
});
const readPeople: NonNullable<Source["people"]> = async (ids) =>
  (await servers.store.directory.people?.(ids)) ?? new Map();

async function refusedAs({ registry }: RunningGateway, code: string): Promise<number> {
  const found = await registry.getSingleMetric("meeshy_auth_requests_total")?.get();
  return found?.values.find(({ labels }) => labels.result === code)?.value ?? 0;
}

/** A stock client as applications use it: it reconnects by itself, and no one calls `connect` again. */
function open(connect: typeof io4 | typeof io3, url: string, userId: string, transport: string) {
  const socket = connect(url, {
    auth: { token: tokenFor(userId) },
    forceNew: true,
    transports: [transport],
    reconnectionDelay: 50,
    reconnectionDelayMax: 200,
  });
  let isIn = false;
  socket.on("authenticated", () => {
    isIn = true;
  });
  return { isIn: () => isIn, close: () => socket.disconnect() };
}

describe.each([
  ["socket.io-client 4 over websocket", io4, "websocket"],
  ["socket.io-client 4 over polling", io4, "polling"],
  ["socket.io-client 3 over websocket", io3, "websocket"],
  ["socket.io-client 3 over polling", io3, "polling"],
])("%s comes back by itself", (_, connect, transport) => {
  it("after unavailable: the directory cannot be read", async () => {
    let isAway = true;
    const directory = reading((ids) =>
      isAway ? Promise.reject(new Error("the directory is away")) : readPeople(ids),
    );
    const gateway = await servers.gateway({}, { directory });
    const client = open(connect, gateway.url, "alice", transport);
    await eventually(async () => (await refusedAs(gateway, "unavailable")) >= 3);
    isAway = false;
    await eventually(client.isIn);
    client.close();
    await gateway.stop();
  });

  it("after rate_limited: too many connects of one person", async () => {
    const gateway = await servers.gateway({ RATE_CONNECTS_PER_USER: "30" });
    const others = Array.from({ length: 30 }, () => openClient(gateway.url, { token: tokenFor("bob") }));
    await Promise.all(others.map((other) => other.nth("authenticated")));
    const isRefused = async () => (await refusedAs(gateway, "rate_limited")) > 0;
    const clients: ReturnType<typeof open>[] = [];
    // Time gives one connect back every 2 s: of clients that come meanwhile, some are let in.
    do {
      const next = open(connect, gateway.url, "bob", transport);
      clients.push(next);
      await eventually(async () => next.isIn() || (await isRefused()));
    } while (!(await isRefused()));
    await eventually(() => clients.every(({ isIn }) => isIn()));
    for (const client of clients) client.close();
    for (const other of others) other.close();
    await gateway.stop();
  });

  it("after unavailable: the gateway is draining", async () => {
    const { promise: letGo, resolve } = Promise.withResolvers<void>();
    let asked = 0;
    const directory = reading(async (ids) => {
      asked++;
      await letGo;
      return readPeople(ids);
    });
    const gateway = await servers.gateway({}, { directory });
    const client = open(connect, gateway.url, "carol", transport);
    await eventually(() => asked > 0);
    const stopped = gateway.stop();
    resolve();
    await stopped;
    const next = await servers.gateway({ PORT: new URL(gateway.url).port });
    await eventually(client.isIn);
    client.close();
    await next.stop();
  });
});

it("what cannot be mended by trying again is refused with its reason", async () => {
  const gateway = await servers.gateway();
  const client = openClient(gateway.url, { token: "none" }, { reconnection: true });
  expect(await client.nth("connect_error")).toMatchObject({ code: "unauthorized", retryable: false });
  expect(client.socket.active).toBe(false);
  client.close();
});
