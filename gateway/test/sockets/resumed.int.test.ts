import { eventually } from "@meeshy/shared/testing/eventually";
import { io as io4 } from "socket.io-client";
import { io as io3 } from "socket.io-client-3";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Client,
  call,
  openClient,
  type RunningGateway,
  type Servers,
  settle,
  signIn,
  startServers,
  tokenFor,
} from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

const THRESHOLD_MS = 3_000;
const LEAVE_HELD_MS = 30_000;
const TIMES = { OFFLINE_THRESHOLD_MS: String(THRESHOLD_MS), ACTIVITY_THROTTLE_MS: "100" };

let servers: Servers;
let worker: RunningWorker;
/** the viewer's */
let gateway: RunningGateway;
let alice: Client;
beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers, { offlineThresholdMs: THRESHOLD_MS });
  gateway = await servers.gateway(TIMES);
  alice = await signIn(gateway.url, "alice");
});
afterAll(async () => {
  alice?.close();
  await worker?.stop();
  await servers?.stop();
});

interface Seen {
  userId: string;
  isOnline: boolean;
  cause: string;
  lastActiveAt: string | null;
}
const seenOf = (userId: string) => alice.all<Seen>("user:status").filter((one) => one.userId === userId);
const announced = async (userId: string) =>
  (await servers.readLog()).flatMap(({ subject, event }) =>
    event.type === "connected" && subject.endsWith(`.${userId}`) ? [event] : [],
  );

/** Lets time pass until alice sees the person offline for having done nothing. */
async function becomesIdle(userId: string): Promise<void> {
  await eventually(() => seenOf(userId).at(-1)?.isOnline);
  await eventually(async () => {
    await worker.tick();
    return seenOf(userId).at(-1)?.cause === "idle";
  });
}
/** Everything that the log has now has reached alice. */
async function isQuiet(other: string): Promise<void> {
  const before = seenOf(other).length;
  const page = await signIn(gateway.url, other);
  await eventually(() => seenOf(other).length > before);
  page.close();
  await eventually(() => seenOf(other).at(-1)?.isOnline === false);
  await settle();
}
const lastActiveOf = async (userId: string) => {
  const { body } = await call(gateway.url, `/api/users/${userId}`, {
    as: "alice",
    headers: { "x-presence-passive": "1" },
  });
  return (body.user as Seen).lastActiveAt;
};

describe.each([
  ["socket.io-client 4", io4],
  ["socket.io-client 3", io3],
])("an idle person with %s", (_, connect) => {
  it("whose gateway stops stays offline when the client comes back by itself, until an activity", async () => {
    const first = await servers.gateway(TIMES);
    const bob = connect(first.url, {
      auth: { token: tokenFor("bob") },
      forceNew: true,
      transports: ["websocket"],
    });
    await becomesIdle("bob");
    const idle = { seen: seenOf("bob").length, lastActiveAt: await lastActiveOf("bob") };
    const before = (await announced("bob")).length;
    await first.stop();
    const second = await servers.gateway({ ...TIMES, PORT: new URL(first.url).port });
    await eventually(async () => (await announced("bob")).length > before);
    await isQuiet("carol");
    expect(seenOf("bob")).toHaveLength(idle.seen);
    expect(await lastActiveOf("bob")).toBe(idle.lastActiveAt);
    bob.emit("activity");
    await eventually(() => seenOf("bob").at(-1)?.cause === "activity");
    bob.disconnect();
    await eventually(() => seenOf("bob").at(-1)?.isOnline === false);
    await second.stop();
  });
});

it("a token renewed by connecting again keeps an empty chair online no longer than the threshold", async () => {
  // A busy machine may be slow to connect again: the leave is held until it has.
  const patient = await servers.gateway(TIMES, { leaveHeldMs: LEAVE_HELD_MS });
  const carol = openClient(patient.url, { token: tokenFor("carol") });
  await eventually(() => seenOf("carol").at(-1)?.isOnline);
  let renewals = 0;
  await eventually(
    async () => {
      carol.socket.disconnect().connect();
      renewals++;
      await carol.nth("presence:snapshot", renewals + 1);
      await worker.tick();
      return renewals > 2 && seenOf("carol").at(-1)?.isOnline === false;
    },
    { every: 400 },
  );
  await isQuiet("bob");
  const seen = seenOf("carol").length;
  carol.socket.disconnect().connect();
  await carol.nth("presence:snapshot", renewals + 2);
  await isQuiet("bob");
  expect(seenOf("carol")).toHaveLength(seen);
  carol.close();
  await patient.stop();
});

it("a person who was active comes back online after a cut, and a new page of an idle one is online at once", async () => {
  const bob = openClient(
    gateway.url,
    { token: tokenFor("bob") },
    // Longer than a leave is held: who is back sooner has not left.
    { reconnection: true, reconnectionDelay: 500 },
  );
  await bob.nth("presence:snapshot");
  await eventually(() => seenOf("bob").at(-1)?.isOnline);
  bob.socket.io.engine.close();
  await eventually(() => seenOf("bob").at(-1)?.isOnline === false);
  await bob.nth("presence:snapshot", 2);
  await eventually(() => seenOf("bob").at(-1)?.isOnline);
  await becomesIdle("bob");
  const page = await signIn(gateway.url, "bob");
  await eventually(() => seenOf("bob").at(-1)?.cause === "connect");
  page.close();
  bob.close();
  await eventually(() => seenOf("bob").at(-1)?.isOnline === false);
});

it("a passive connection hears everything and shows no one online, until an activity over it", async () => {
  await isQuiet("carol");
  const before = seenOf("bob").length;
  for (let n = 0; n < 3; n++) {
    const sync = openClient(gateway.url, { token: tokenFor("bob"), passive: true });
    await sync.nth("presence:snapshot");
    sync.close();
  }
  const bob = openClient(gateway.url, { token: tokenFor("bob"), passive: true });
  await bob.nth("presence:snapshot");
  await isQuiet("carol");
  expect(seenOf("bob")).toHaveLength(before);
  expect(bob.all<Seen>("user:status").map(({ userId }) => userId)).toContain("carol");
  await bob.ask("activity");
  await eventually(() => seenOf("bob").at(-1)?.cause === "activity");
  bob.close();
  await eventually(() => seenOf("bob").at(-1)?.cause === "disconnect");
});
