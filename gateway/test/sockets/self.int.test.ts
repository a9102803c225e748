import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, expect, it } from "vitest";
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

let servers: Servers;
let worker: RunningWorker;
let gateway: RunningGateway;
let other: RunningGateway;
beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  [gateway, other] = await Promise.all([servers.gateway(), servers.gateway()]);
});
afterAll(async () => {
  await worker?.stop();
  await servers?.stop();
});

interface Self {
  user: { userId: string; isOnline: boolean; availability: string };
  choices: { standing: { availability: string }; timed: object | null; services: object[] };
  connections: { connectionId: string; device: string | null; since: string; current: boolean }[];
}
const lastOf = (client: Client) => client.all<Self>("presence:self").at(-1);
const becomes = (client: Client, expected: object) =>
  eventually(() => expect(lastOf(client)).toMatchObject(expected));
const change = (body: object) =>
  call(gateway.url, "/api/users/me/availability", {
    as: "alice",
    method: "PUT",
    body: JSON.stringify(body),
    headers: { "x-presence-passive": "1", "content-type": "application/json" },
  });

it("all sockets of a person hear what is chosen, what others see, and of each other; no one else does", async () => {
  const bob = await signIn(other.url, "bob");
  const phone = openClient(gateway.url, { token: tokenFor("alice"), device: "phone" });
  await becomes(phone, {
    user: { userId: "alice", isOnline: true, availability: "available" },
    choices: { standing: { availability: "available", statusText: null }, timed: null, services: [] },
    connections: [{ device: "phone", since: expect.any(String), current: true }],
  });
  const desk = openClient(other.url, { token: tokenFor("alice"), device: "desk" });
  await becomes(desk, {
    connections: [
      { device: "phone", current: false },
      { device: "desk", current: true },
    ],
  });
  await becomes(phone, {
    connections: [
      { device: "phone", current: true },
      { device: "desk", current: false },
    ],
  });
  await change({ availability: "dnd", statusText: "call", expiresInMs: 60_000 });
  for (const client of [phone, desk])
    await becomes(client, {
      user: { availability: "dnd" },
      choices: { timed: { availability: "dnd", statusText: "call", expiresAt: expect.any(String) } },
    });
  await change({ availability: "invisible" });
  for (const client of [phone, desk])
    await becomes(client, {
      user: { isOnline: false },
      choices: { standing: { availability: "invisible" }, timed: { availability: "dnd" } },
    });
  desk.close();
  await becomes(phone, { connections: [{ device: "phone" }] });
  await change({ availability: "available" });
  await becomes(phone, { user: { isOnline: true } });
  await settle();
  expect(bob.all<Self>("presence:self").map(({ user }) => user.userId)).toEqual(
    bob.all("presence:self").map(() => "bob"),
  );
  phone.close();
  bob.close();
});

it("a second socket on the same gateway hears at once, and what is there when a page comes back", async () => {
  const first = await signIn(gateway.url, "carol");
  await becomes(first, { connections: [{ current: true }] });
  const second = await signIn(gateway.url, "carol");
  await becomes(second, { connections: [{ current: false }, { current: true }] });
  await becomes(first, { connections: [{ current: true }, { current: false }] });
  first.close();
  second.close();
});

it("a socket that is opened while no worker serves its person hears of itself once one does", async () => {
  await worker.stop();
  const late = openClient(gateway.url, { token: tokenFor("carol"), device: "late" });
  await late.nth("authenticated");
  expect(late.all("presence:self")).toEqual([]);
  worker = await startWorker(servers);
  await becomes(late, { user: { userId: "carol", isOnline: true }, connections: [{ device: "late" }] });
  late.close();
});
