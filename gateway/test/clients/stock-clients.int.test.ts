import { eventually } from "@meeshy/shared/testing/eventually";
import { io as io4 } from "socket.io-client";
import { io as io3 } from "socket.io-client-3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningGateway, type Servers, startServers, tokenFor } from "../harness.ts";
import { openPythonClient, pythonWithSocketIo } from "./python-client.ts";

let servers: Servers;
let gateway: RunningGateway;
let version = 10;
beforeAll(async () => {
  servers = await startServers();
  gateway = await servers.gateway();
});
afterAll(() => servers?.stop());

/** A client of whatever make, as far as this test goes. */
interface AnyClient {
  received: { event: string; payload: unknown }[];
  close(): void;
}
type Transports = ("websocket" | "polling")[];
interface Wish {
  token: string;
  transports: Transports;
  where: "auth" | "header";
}

const stock =
  (connect: typeof io4 | typeof io3) =>
  (url: string, { token, transports, where }: Wish): AnyClient => {
    const socket = connect(url, {
      forceNew: true,
      reconnection: false,
      transports,
      ...(where === "auth" ? { auth: { token } } : { extraHeaders: { authorization: `Bearer ${token}` } }),
    });
    const received: AnyClient["received"] = [];
    socket.onAny((event: string, payload: unknown) => received.push({ event, payload }));
    socket.on("connect_error", (error: Error & { data?: unknown }) =>
      received.push({ event: "connect_error", payload: error.data }),
    );
    return { received, close: () => socket.disconnect() };
  };

/** What everyone who has signed in gets: `authenticated`, the snapshot, then a change. */
async function receivesPresence(client: AnyClient): Promise<void> {
  const payloadsOf = (name: string) =>
    client.received.filter(({ event }) => event === name).map(({ payload }) => payload);
  await eventually(() => payloadsOf("presence:snapshot").length > 0);
  const isOnline = version % 2 === 0;
  version++;
  await servers.publishStatus("bob", { conversationIds: ["general"], version, isOnline });
  await eventually(() => payloadsOf("user:status").length > 0);
  expect(payloadsOf("authenticated")).toMatchObject([{ success: true, user: { id: "alice" } }]);
  expect(payloadsOf("presence:snapshot")).toHaveLength(1);
  expect(payloadsOf("user:status")).toMatchObject([{ userId: "bob", version, isOnline }]);
  client.close();
}

const WISHES: [string, Omit<Wish, "token">][] = [
  ["over websocket alone", { transports: ["websocket"], where: "auth" }],
  ["over polling alone", { transports: ["polling"], where: "auth" }],
  ["from polling up to websocket", { transports: ["polling", "websocket"], where: "auth" }],
  ["over websocket, by a header", { transports: ["websocket"], where: "header" }],
  ["over polling, by a header", { transports: ["polling"], where: "header" }],
];

describe.each([
  ["socket.io-client 4", stock(io4)],
  ["socket.io-client 3", stock(io3)],
])("%s", (_, open) => {
  it.each(WISHES)("is set up and receives others' changes %s", async (_how, wish) => {
    await receivesPresence(open(gateway.url, { ...wish, token: tokenFor("alice") }));
  });

  it("receives why it is refused", async () => {
    const client = open(gateway.url, { token: "no token", transports: ["websocket"], where: "auth" });
    await eventually(() => client.received.length > 0);
    expect(client.received).toEqual([
      {
        event: "connect_error",
        payload: { code: "unauthorized", message: expect.any(String), retryable: false },
      },
    ]);
    client.close();
  });
});

const python = pythonWithSocketIo();
if (!python) console.warn("python-socketio is not tested: Debian's package python3-socketio is missing");

describe.skipIf(!python)("python-socketio (needs Debian's python3-socketio)", () => {
  it.each(WISHES.filter(([, { transports }]) => transports.length === 1))(
    "is set up and receives others' changes %s",
    async (_how, { transports, where }) => {
      const client = openPythonClient(python ?? "", [
        gateway.url,
        tokenFor("alice"),
        transports[0] ?? "",
        where,
      ]);
      await receivesPresence(client);
    },
  );
});
