import { identify, lives } from "@meeshy/shared/servers/process-identity";
import type { UserStatus } from "@meeshy/shared/status";
import { eventually } from "@meeshy/shared/testing/eventually";
import type { RunningStack } from "@meeshy/shared/testing/stack";
import { startTestStack } from "@meeshy/shared/testing/test-stack";
import { io, type Socket } from "socket.io-client";
import { afterAll, beforeAll, expect, test } from "vitest";

/** A gateway of two processes in the real stack, as `npm start -- --gateway-processes 2` runs it. */

const LEASE_MS = 2_000;
const GRACE_MS = 6_000;

let stack: RunningStack;
const sockets: Socket[] = [];
beforeAll(async () => {
  stack = await startTestStack({
    args: ["--gateway-processes", "2", "--no-web"],
    env: { GATEWAY_LEASE_MS: String(LEASE_MS), DISCONNECT_GRACE_MS: String(GRACE_MS) },
  });
});
afterAll(async () => {
  for (const socket of sockets) socket.disconnect();
  await stack?.stop();
});

const gateway = () => stack.read().gateways[0] ?? { url: "", pid: -1, processes: [] };
const pids = () => gateway().processes.map(({ pid }) => pid);

/** A stock client that comes back by itself. */
function connect(userId: string, options: object = {}): Socket {
  const auth = { token: stack.token(userId) };
  const socket = io(gateway().url, { auth, transports: ["websocket"], forceNew: true, ...options });
  sockets.push(socket);
  return socket;
}

/** The number of the process that holds a connection, as its log says. */
const holderOf = (connectionId: string) =>
  eventually(() => {
    const line = stack
      .log("gateway-1")
      .split("\n")
      .find((one) => one.includes('"connected"') && one.includes(connectionId));
    return line === undefined ? undefined : Number(JSON.parse(line).process);
  });

/** Connects until process `number` holds the socket. */
async function connectTo(number: number, userId: string, options: object = {}): Promise<Socket> {
  for (let tries = 0; tries < 40; tries++) {
    const socket = connect(userId, options);
    const { connectionId } = await new Promise<{ connectionId: string }>((resolve) => {
      socket.once("authenticated", resolve);
    });
    if ((await holderOf(connectionId)) === number) return socket;
    socket.disconnect();
  }
  throw new Error(`process ${number} holds none of 40 sockets`);
}

test("stack.json lists the processes, which live and are none of the gateway's own", () => {
  expect(pids()).toHaveLength(2);
  expect(new Set([gateway().pid, ...pids()]).size).toBe(3);
  for (const pid of pids()) expect(identify(pid)).toBeDefined();
});

test("a process is killed: its users come back on the other, and viewers see nothing; who stays away is seen to leave", async () => {
  const seen: UserStatus[] = [];
  const viewer = await connectTo(1, "alice", { reconnection: false });
  const [returning, leaving] = [
    await connectTo(2, "bob", { reconnectionDelay: 100, reconnectionDelayMax: 500 }),
    await connectTo(2, "carol", { reconnection: false }),
  ];
  await eventually(async () => {
    const response = await fetch(`${gateway().url}/api/users/presence?ids=bob,carol`, {
      headers: { authorization: `Bearer ${stack.token("alice")}`, "x-presence-passive": "1" },
    });
    const { users } = (await response.json()) as { users: UserStatus[] };
    return users.every(({ isOnline }) => isOnline);
  });
  viewer.on("user:status", (status: UserStatus) => seen.push(status));
  const { pid } = gateway();
  const [, killed] = pids();
  const back = new Promise((resolve) => returning.once("authenticated", resolve));
  process.kill(killed as number, "SIGKILL");
  await back;
  expect(viewer.connected).toBe(true);
  await eventually(() => pids().length === 2 && !pids().includes(killed as number));
  // The departure of one proves that the other, of the same process, was declared lost as well.
  await eventually(() => seen.some(({ userId }) => userId === "carol"));
  expect(seen.map(({ userId, isOnline }) => ({ userId, isOnline }))).toEqual([
    { userId: "carol", isOnline: false },
  ]);
  expect(leaving.connected).toBe(false);
  expect(gateway().pid).toBe(pid);
});

test("the primary is killed: its processes go with it, and all are started again together", async () => {
  const before = [gateway().pid, ...pids()].map((pid) => identify(pid) ?? { pid, born: "" });
  const { pid } = gateway();
  process.kill(pid, "SIGKILL");
  await eventually(() => before.filter(lives).length === 0);
  await eventually(() => gateway().pid !== pid && pids().length === 2);
  await eventually(async () => (await fetch(`${gateway().url}/health/ready`)).status === 200);
  for (const one of pids()) expect(identify(one)).toBeDefined();
});

test("the stack stops with 0, and leaves no process", async () => {
  const all = [gateway().pid, ...pids()].map((pid) => identify(pid) ?? { pid, born: "" });
  expect(await stack.stop()).toBe(0);
  expect(all.filter(lives)).toEqual([]);
});
