import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, expect, it } from "vitest";
import { call, type RunningGateway, type Servers, signIn, startServers, tokenFor } from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

/** The list of people by the records that a real worker writes. */
let servers: Servers;
let worker: RunningWorker;
let gateway: RunningGateway;
beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers, { graceMs: 600_000 });
  gateway = await servers.gateway();
});
afterAll(async () => {
  await worker?.stop();
  await servers?.stop();
});

const listed = async (query: string, userId: string) => {
  const headers = { authorization: `Bearer ${tokenFor("admin", { role: "ADMIN" })}` };
  const { body } = await call(gateway.url, `/api/admin/users?${query}`, { headers });
  return (body.users as { userId: string }[]).find((user) => user.userId === userId);
};

it("who becomes invisible is online, shown to no one, and found as invisible", async () => {
  const alice = await signIn(gateway.url, "alice");
  const { connectionId } = await alice.nth<{ connectionId: string }>("authenticated");
  await eventually(async () =>
    expect(await listed("state=online", "alice")).toMatchObject({
      ...{ state: "online", shownOnline: true, availability: "available", cause: "connect" },
      connections: [{ connectionId, passive: false }],
    }),
  );
  await call(gateway.url, "/api/users/me/availability", {
    ...{ as: "alice", method: "PUT", headers: { "content-type": "application/json" } },
    body: JSON.stringify({ availability: "invisible", statusText: "hush", expiresInMs: 600_000 }),
  });
  await eventually(async () =>
    expect(await listed("state=invisible", "alice")).toMatchObject({
      ...{ state: "online", shownOnline: false, availability: "invisible", statusText: "hush" },
      connections: [{ connectionId }],
    }),
  );
  alice.close();
});

it("who lost their connection is a zombie until the deadline, with the reason", async () => {
  const bob = await signIn(gateway.url, "bob");
  await eventually(async () => expect(await listed("state=online", "bob")).toBeDefined());
  bob.socket.io.engine.close();
  const zombie = await eventually(async () => {
    const found = await listed("state=zombie", "bob");
    expect(found).toMatchObject({ shownOnline: true, connections: [], cause: "connection-lost" });
    return found as unknown as { deadline: string };
  });
  expect(Date.parse(zombie.deadline)).toBeGreaterThan(0);
});
