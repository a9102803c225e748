import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import {
  type Client,
  call,
  type RunningGateway,
  type Servers,
  settle,
  signIn,
  startServers,
} from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

let servers: Servers;
let worker: RunningWorker;
let first: RunningGateway;
let second: RunningGateway;
beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  [first, second] = [await servers.gateway(), await servers.gateway()];
});
afterAll(async () => {
  await worker?.stop();
  await servers?.stop();
});

const clients: Client[] = [];
const PEOPLE = ["alice", "bob", "carol"];
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  // Otherwise the next case could take the state before they left for the one after they came.
  for (const gateway of [first, second]) for (const userId of PEOPLE) await isShown(gateway, userId, false);
});
const enter = async (gateway: RunningGateway, userId: string) => {
  const client = await signIn(gateway.url, userId);
  clients.push(client);
  return client;
};

interface Sign {
  conversationId: string;
  userId: string;
  at: string;
}
const signs = (client: Client) => client.all<Sign>("typing");
const by = (client: Client, userId: string) => signs(client).filter((sign) => sign.userId === userId);
const type = (client: Client, conversationId = "general", more: object = {}) =>
  client.ask("typing", { conversationId, ...more });

/** Waits until the gateway shows this person so to bob: of who is not shown online nothing is passed on. */
const isShown = (gateway: RunningGateway, userId: string, isOnline: boolean) =>
  eventually(async () => {
    const { body } = await call(gateway.url, `/api/users/${userId}`, {
      as: "bob",
      headers: { "x-presence-passive": "1" },
    });
    return (body.user as { isOnline: boolean }).isOnline === isOnline;
  });

let alice: Client;
let bob: Client;
let carol: Client;
let dave: Client;
beforeEach(async () => {
  [alice, bob, carol, dave] = [
    await enter(first, "alice"),
    await enter(first, "bob"),
    await enter(second, "carol"),
    await enter(second, "dave"),
  ];
  for (const gateway of [first, second]) for (const userId of PEOPLE) await isShown(gateway, userId, true);
});

it("reaches the other members on every gateway, not the person's own sockets, and no stranger", async () => {
  const elsewhere = await enter(second, "alice");
  expect(await type(alice)).toEqual({ success: true });
  for (const client of [bob, carol])
    expect(await client.nth<Sign>("typing")).toEqual({
      ...{ conversationId: "general", userId: "alice" },
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
    });
  await settle();
  expect([alice, elsewhere, dave, bob, carol].map((client) => signs(client).length)).toEqual([0, 0, 0, 1, 1]);
});

it("is passed on once in three seconds for each conversation and socket, the rest is dropped", async () => {
  const elsewhere = await enter(first, "alice");
  for (let n = 0; n < 5; n++) expect(await type(alice)).toEqual({ success: true });
  await type(alice, "project");
  await type(elsewhere);
  await eventually(() => signs(bob).length >= 3, { what: "each socket's and conversation's first" });
  expect(signs(bob).map(({ conversationId }) => conversationId)).toEqual(["general", "project", "general"]);
  await eventually(async () => {
    await type(alice);
    return signs(bob).length >= 4;
  });
  const times = signs(bob).map(({ at }) => Date.parse(at));
  expect((times[3] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(2_900);
});

it("that someone has stopped is passed on to no one", async () => {
  expect(await type(alice, "general", { isTyping: false })).toEqual({ success: true });
  await type(carol, "general", { isTyping: true });
  await bob.nth("typing");
  await settle();
  expect(by(bob, "alice")).toEqual([]);
});

it("is received by no one who has blocked the person, or whom the person has blocked", async () => {
  const setBlock = (as: string, blocked: string, method: string) =>
    call(first.url, `/api/users/me/blocks/${blocked}`, { as, method });
  await setBlock("bob", "alice", "PUT");
  await bob.nth("user:status");
  try {
    await type(alice);
    await type(bob);
    await eventually(() => signs(carol).length >= 2, { what: "carol receives both" });
    await settle();
    expect([by(bob, "alice"), by(alice, "bob")]).toEqual([[], []]);
  } finally {
    await setBlock("bob", "alice", "DELETE");
  }
});

const change = (as: string, path: string, method: string, body: object) =>
  call(first.url, path, {
    ...{ as, method, body: JSON.stringify(body) },
    headers: { "content-type": "application/json" },
  });

it("of who is invisible none is passed on", async () => {
  await change("alice", "/api/users/me/availability", "PUT", { availability: "invisible" });
  try {
    for (const gateway of [first, second]) await isShown(gateway, "alice", false);
    expect(await type(alice)).toEqual({ success: true });
    await type(carol);
    await bob.nth("typing");
    await settle();
    expect(by(bob, "alice")).toEqual([]);
  } finally {
    await change("alice", "/api/users/me/availability", "PUT", { availability: "available" });
  }
});

it("of who hides their status none is passed on", async () => {
  await change("alice", "/api/users/me/preferences", "PATCH", { showOnlineStatus: false });
  try {
    for (const gateway of [first, second]) await isShown(gateway, "alice", false);
    expect(await type(alice)).toEqual({ success: true });
    await type(carol);
    await bob.nth("typing");
    await settle();
    expect(by(bob, "alice")).toEqual([]);
  } finally {
    await change("alice", "/api/users/me/preferences", "PATCH", { showOnlineStatus: true });
  }
});

it("is no sign of life", async () => {
  const third = await servers.gateway({ ACTIVITY_THROTTLE_MS: "0" });
  const elsewhere = await enter(third, "carol");
  await isShown(third, "carol", true);
  const { connectionId } = await elsewhere.nth<{ connectionId: string }>("authenticated");
  const activities = async () => {
    const log = await servers.readLog();
    const opened = log.find(({ event }) => event.type === "connected" && event.connectionId === connectionId);
    const written = log.filter(({ publisher }) => publisher === opened?.publisher);
    return written.filter(({ event }) => event.type === "activity").length;
  };
  await type(elsewhere);
  await bob.nth("typing");
  await elsewhere.ask("activity");
  await eventually(async () => (await activities()) > 0, { what: "the activity that follows" });
  expect(await activities()).toBe(1);
  elsewhere.close();
  await third.stop();
});

it.each([
  [{ conversationId: "notes" }, "not_found"],
  [{ conversationId: "nope" }, "not_found"],
  [{}, "bad_request"],
  [{ conversationId: "general", isTyping: "yes" }, "bad_request"],
])("where it cannot be it is answered with its fault: %j", async (payload, code) => {
  expect(await alice.ask("typing", payload)).toMatchObject({ success: false, error: { code } });
});

it("without a link to NATS it is dropped, and comes through once the link is back", async () => {
  await servers.nats.kill();
  await bob.nth("presence:stale");
  expect(await type(alice)).toEqual({ success: true });
  await servers.nats.restart();
  await eventually(
    async () => {
      await type(alice);
      return signs(bob).length > 0;
    },
    { what: "a sign after the outage" },
  );
});
