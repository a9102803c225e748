import { createTestDatabase } from "@meeshy/shared/testing/database";
import { eventually } from "@meeshy/shared/testing/eventually";
import { type RunningStack, startStack } from "@meeshy/shared/testing/stack";
import { io, type Socket } from "socket.io-client";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";

/** One person, several connections, on two gateways. */

const GRACE_MS = 500;
const RACES = 8;

interface Status {
  userId: string;
  isOnline: boolean;
  version: number;
  cause: string;
}

interface Client {
  socket: Socket;
  connectionId: string;
  /** names of the events received, `disconnect` with its reason */
  events: string[];
  /** statuses of one person, in order */
  of(userId: string): Status[];
}

/** Opens a connection as a stock client does; resolves once it is authenticated, or ended before that. */
async function open(stack: RunningStack, user: string, gateway: number, device?: string): Promise<Client> {
  const auth = { token: stack.token(user), device };
  const socket = io(stack.urls[gateway], { auth, transports: ["websocket"], forceNew: true });
  onTestFinished(() => void socket.close());
  const events: string[] = [];
  const statuses: Status[] = [];
  socket.onAny((event, payload) => {
    events.push(event);
    if (event === "user:status") statuses.push(payload);
    if (event === "presence:snapshot") statuses.push(...payload.users);
  });
  socket.on("disconnect", (reason) => events.push(reason));
  const connectionId = await new Promise<string>((resolve) => {
    socket.once("authenticated", ({ connectionId }) => resolve(connectionId));
    socket.once("disconnect", () => resolve(""));
  });
  const of = (userId: string) => statuses.filter((status) => status.userId === userId);
  return { socket, connectionId, events, of };
}

interface Me {
  user: Status;
  connections: { connectionId: string; gatewayId: string; device: string | null }[];
}

async function me(stack: RunningStack, user: string, gateway = 0): Promise<Me> {
  const headers = { authorization: `Bearer ${stack.token(user)}`, "x-presence-passive": "1" };
  const answer = await fetch(`${stack.urls[gateway]}/api/users/me`, { headers });
  return (await answer.json()) as Me;
}

/** The user's connections, once the record names exactly these. */
const connectionsOf = (stack: RunningStack, user: string, ids: string[], gateway = 0) =>
  eventually(async () => {
    const { connections } = await me(stack, user, gateway);
    const open = connections.map(({ connectionId }) => connectionId).sort();
    return JSON.stringify(open) === JSON.stringify([...ids].sort()) && connections;
  });

const seenBy = (alice: Client, isOnline: boolean) =>
  eventually(() => alice.of("bob").at(-1)?.isOnline === isOnline);

/** A stack for the tests of a group; there once they run. */
function useStack(multiDevice: string): { stack: RunningStack } {
  const parts = {} as { stack: RunningStack };
  beforeAll(async () => {
    const database = await createTestDatabase("demo");
    parts.stack = await startStack({
      args: ["--no-web", "--gateways", "2"],
      env: {
        DATABASE_URL: database.url,
        MULTI_DEVICE: multiDevice,
        DISCONNECT_GRACE_MS: String(GRACE_MS),
        GATEWAY_LEASE_MS: "1500",
      },
    });
    return async () => {
      await parts.stack.stop();
      await database.stop();
    };
  });
  return parts;
}

describe("with several devices allowed, a person", () => {
  const parts = useStack("allow");

  test("has each connection named with its device and gateway, and is online until the last has gone", async () => {
    const { stack } = parts;
    const alice = await open(stack, "alice", 0);
    const phone = await open(stack, "bob", 0, "phone");
    const laptop = await open(stack, "bob", 1, "laptop");
    const tab = await open(stack, "bob", 1);
    const ids = [phone, laptop, tab].map(({ connectionId }) => connectionId);
    const connections = await connectionsOf(stack, "bob", ids);
    const deviceOf = (id: string) => connections.find(({ connectionId }) => connectionId === id)?.device;
    expect(ids.map(deviceOf)).toEqual(["phone", "laptop", null]);
    expect(new Set(connections.map(({ gatewayId }) => gatewayId)).size).toBe(2);

    phone.socket.disconnect();
    tab.socket.io.reconnection(false);
    tab.socket.io.engine.close();
    await connectionsOf(stack, "bob", [laptop.connectionId]);
    // Once a later connect has been delivered and the grace has passed, a disconnect would have been delivered too.
    const leftAt = performance.now();
    await open(stack, "carol", 1);
    await eventually(() => alice.of("carol").length > 0 && performance.now() - leftAt > 2 * GRACE_MS);
    expect(alice.of("bob").map(({ isOnline }) => isOnline)).toEqual([true]);
    expect((await me(stack, "bob")).user).toMatchObject({ isOnline: true });

    laptop.socket.disconnect();
    await seenBy(alice, false);
    expect(alice.of("bob").at(-1)?.cause).toBe("disconnect");
  });
});

describe("with one device at a time, a person", () => {
  const parts = useStack("replace");

  test("who connects elsewhere loses the older connection for good, and viewers see nothing", async () => {
    const { stack } = parts;
    const alice = await open(stack, "alice", 0);
    const first = await open(stack, "bob", 0, "phone");
    await eventually(() => alice.of("bob").length === 1);
    const second = await open(stack, "bob", 1, "laptop");
    await eventually(() => first.events.includes("io server disconnect"));
    expect(first.events.slice(-2)).toEqual(["session:replaced", "io server disconnect"]);
    expect(await connectionsOf(stack, "bob", [second.connectionId])).toMatchObject([{ device: "laptop" }]);
    second.socket.disconnect();
    await seenBy(alice, false);
    expect(alice.of("bob").map(({ isOnline }) => isOnline)).toEqual([true, false]);
    expect(second.events).not.toContain("session:replaced");
  });

  test("who connects elsewhere while a gateway is out of touch is not thrown out when it comes back", async () => {
    const { stack } = parts;
    const phone = await open(stack, "bob", 0, "phone");
    const { pid } = stack.read().gateways[0] ?? { pid: -1 };
    await connectionsOf(stack, "bob", [phone.connectionId], 1);
    process.kill(pid, "SIGSTOP");
    let laptop: Client;
    try {
      await connectionsOf(stack, "bob", [], 1);
      laptop = await open(stack, "bob", 1, "laptop");
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await eventually(() => phone.events.includes("io server disconnect"));
    expect(phone.events.slice(-2)).toEqual(["session:replaced", "io server disconnect"]);
    expect(laptop.socket.connected).toBe(true);
    expect(await connectionsOf(stack, "bob", [laptop.connectionId], 1)).toMatchObject([{ device: "laptop" }]);
    laptop.socket.disconnect();
    await connectionsOf(stack, "bob", [], 1);
  });

  test("who connects on two gateways at once ends with exactly one connection", async () => {
    const { stack } = parts;
    const alice = await open(stack, "alice", 1);
    // Her snapshot may still have him online: a leave is held for a moment.
    await eventually(
      () => alice.events.includes("presence:snapshot") && alice.of("bob").at(-1)?.isOnline !== true,
    );
    const before = alice.of("bob").length;
    for (let race = 0; race < RACES; race++) {
      const both = await Promise.all([open(stack, "bob", 0), open(stack, "bob", 1)]);
      await eventually(() => both.some(({ events }) => events.includes("io server disconnect")));
      const kept = both.filter(({ socket }) => socket.connected);
      expect(kept).toHaveLength(1);
      await seenBy(alice, true);
      await connectionsOf(
        stack,
        "bob",
        kept.map(({ connectionId }) => connectionId),
      );
      for (const { socket } of kept) expect(socket.connected).toBe(true);
      for (const { socket } of kept) socket.disconnect();
      await seenBy(alice, false);
    }
    const seen = alice.of("bob").slice(before);
    expect(seen.map(({ isOnline }) => isOnline)).toEqual(
      Array.from({ length: 2 * RACES }, (_, n) => n % 2 === 0),
    );
  });
});
