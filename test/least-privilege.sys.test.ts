import { createPresenceClient, type PresenceClient } from "@meeshy/shared/client";
import type { ExternalRole } from "@meeshy/shared/nats/permissions";
import { eventually } from "@meeshy/shared/testing/eventually";
import type { RunningStack } from "@meeshy/shared/testing/stack";
import { startTestStack } from "@meeshy/shared/testing/test-stack";
import { io, type Socket } from "socket.io-client";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

/** Every process runs as its own user on NATS; here each does all that it ever does there. */

let stack: RunningStack;
beforeAll(async () => {
  stack = await startTestStack({
    args: ["--gateways", "2", "--workers", "2", "--no-web"],
    env: { GATEWAY_LEASE_MS: "1500", DISCONNECT_GRACE_MS: "300", SWEEP_INTERVAL_MS: "1000" },
  });
});
afterAll(async () => void (await stack?.stop()));

/** What the services and the nats-server have written about things that were not allowed. */
const violations = () =>
  ["gateway-1", "gateway-2", "presence-worker-1", "presence-worker-2", "sweeper-1", "nats-server-1"].flatMap(
    (name) =>
      stack
        .log(name)
        .split("\n")
        .filter((line) => /Violation|permission/i.test(line)),
  );

function open(user: string, gateway: number): Promise<Socket> {
  const socket = io(stack.urls[gateway], { auth: { token: stack.token(user) }, transports: ["websocket"] });
  onTestFinished(() => void socket.close());
  return new Promise((resolve) => socket.once("authenticated", () => resolve(socket)));
}

async function ask(path: string, method = "GET"): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${stack.token("admin")}`, "x-presence-passive": "1" };
  const answer = await fetch(`${stack.urls[0]}/api${path}`, { method, headers });
  expect(answer.status, path).toBe(200);
  return (await answer.json()) as Record<string, unknown>;
}

const isOnline = async (user: string) =>
  ((await ask(`/users/${user}`)) as { user: { isOnline: boolean } }).user.isOnline;
const becomes = (user: string, online: boolean) =>
  eventually(async () => (await isOnline(user)) === online, { what: `${user} ${online}` });

async function clientAs(role: ExternalRole): Promise<PresenceClient> {
  const { nats } = stack.read();
  const { user = "", password = "" } = nats.credentials[role] ?? {};
  const client = await createPresenceClient({ servers: nats.url, user, password });
  onTestFinished(() => client.close());
  return client;
}

test("other teams' readers follow people, and their services keep them active", async () => {
  const [external, service] = await Promise.all([clientAs("external"), clientAs("service")]);
  const received: string[] = [];
  const watching = external.watch(["bob"], ({ isOnline, cause }) => {
    received.push(`${isOnline ? "online" : "offline"}: ${cause}`);
  });
  await watching.ready;
  const bob = await open("bob", 0);
  await eventually(() => received.includes("online: connect"), { what: "bob is shown online" });
  await service.activity("bob");
  expect(await service.get(["bob"], "alice")).toMatchObject([{ userId: "bob", isOnline: true }]);
  bob.disconnect();
  await eventually(() => received.at(-1) === "offline: disconnect", { what: "bob is shown offline" });
  expect(received).toEqual(["offline: disconnect", "online: connect", "offline: disconnect"]);
});

test("nothing that the service does is refused by its permissions", async () => {
  const [alice] = await Promise.all([open("alice", 0), open("bob", 1), open("carol", 1)]);
  await Promise.all(["alice", "bob", "carol"].map((user) => becomes(user, true)));

  expect(await alice.emitWithAck("message:send", { conversationId: "general", content: "hello" })).toEqual(
    expect.objectContaining({ success: true }),
  );
  await ask("/admin/users/bob/disconnect", "POST");
  await becomes("bob", false);
  await ask("/admin/maintenance/cleanup-zombies", "POST");

  const [, lost] = stack.read().gateways;
  process.kill(Number(lost?.pid), "SIGSTOP");
  await becomes("carol", false);
  process.kill(Number(lost?.pid), "SIGCONT");
  await becomes("carol", true);

  const killed = stack.read().workers[0];
  process.kill(Number(killed?.pid), "SIGKILL");
  alice.close();
  await becomes("alice", false);
  await eventually(() => stack.read().workers[0]?.pid !== killed?.pid);

  const broker = stack.read().nats.pid;
  process.kill(Number(broker), "SIGKILL");
  await eventually(() => stack.read().nats.pid !== broker);
  await open("dave", 0);
  await becomes("dave", true);
  expect(violations()).toEqual([]);
});
