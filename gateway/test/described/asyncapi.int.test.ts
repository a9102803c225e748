import { readFileSync } from "node:fs";
import { openNats } from "@meeshy/shared/nats/connect";
import { SERVICE_REQUESTS, type ServiceSubject } from "@meeshy/shared/service-requests";
import { CLIENT_EVENT_TABLE, SERVER_EVENT_TABLE } from "@meeshy/shared/socket-events";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import {
  type Client,
  openClient,
  type RunningGateway,
  type Servers,
  signIn,
  startServers,
  tokenFor,
} from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

/** What is really sent and answered is what `docs/asyncapi.json` says. */

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];
interface Described {
  channels: Record<string, { messages: Record<string, { name: string; payload?: JsonSchema }> }>;
}
const described = JSON.parse(
  readFileSync(new URL("../../../docs/asyncapi.json", import.meta.url), "utf8"),
) as Described;

/** Checks a payload against the document, which has every field of it. */
function expectDescribed(channel: string, name: string, payload: unknown): void {
  const messages = Object.values(described.channels[channel]?.messages ?? {});
  const message = messages.find((one) => one.name === name);
  if (!message) throw new Error(`${name} is not described in ${channel}`);
  if (message.payload === undefined) {
    expect(payload, name).toBeUndefined();
    return;
  }
  expect(z.fromJSONSchema(message.payload).safeParse(payload).error, name).toBeUndefined();
}

/** Nothing is sent beside what the schema names: an unknown field would be lost in parsing. */
const expectNothingElse = (schema: z.ZodType | null, payload: unknown) =>
  expect(schema ? schema.parse(payload) : undefined).toEqual(payload);

let servers: Servers;
let worker: RunningWorker;
let gateway: RunningGateway;
const clients: Client[] = [];

const enter = async (userId: string): Promise<Client> => {
  const client = await signIn(gateway.url, userId);
  clients.push(client);
  return client;
};

beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  gateway = await servers.gateway();
});
afterAll(async () => {
  for (const client of clients) client.close();
  await worker?.stop();
  await servers?.stop();
});

describe("over Socket.IO", () => {
  it("acknowledgements are as described, refusals included", async () => {
    const alice = await enter("alice");
    const asked: [keyof typeof CLIENT_EVENT_TABLE, unknown][] = [
      ["message:send", { conversationId: "general", content: "hello" }],
      ["message:send", { conversationId: "nope", content: "hello" }],
      ["message:send", {}],
      ["message:send", { conversationId: "general", content: "hello", clientId: "c1" }],
      ["typing", { conversationId: "general" }],
      ["typing", { conversationId: "nope" }],
      ["activity", undefined],
      ["conversation:join", { conversationId: "general" }],
      ["conversation:join", { conversationId: "nope" }],
      ["conversation:leave", { conversationId: "general" }],
      ["presence:watch", { userIds: ["bob"] }],
      ["presence:watch", null],
      ["presence:unwatch", { userIds: ["bob"] }],
    ];
    for (const [event, payload] of asked) {
      const answer = await alice.ask(event, payload);
      expectDescribed("socket", `${event}.answer`, answer);
      if (answer.success) expectNothingElse(CLIENT_EVENT_TABLE[event].data, answer.data);
    }
  });

  it("everything that a session receives is as described", async () => {
    const bob = await enter("bob");
    const batching = openClient(gateway.url, { token: tokenFor("bob"), batch: true });
    clients.push(batching);
    await batching.nth("presence:snapshot");
    const carol = await enter("carol");
    await bob.nth("user:status");
    await batching.nth("user:status:batch");
    await carol.ask("message:send", { conversationId: "general", content: "hello" });
    await bob.nth("message:new");
    await carol.ask("message:send", { conversationId: "general", content: "hello", clientId: "c2" });
    await eventually(() => carol.all<{ clientId?: string }>("message:new").some(({ clientId }) => clientId));
    // Bob may learn that carol is online before or after she types: she types until he does.
    await eventually(
      async () => {
        await carol.ask("typing", { conversationId: "general" });
        return bob.all("typing").length > 0;
      },
      { what: "bob receives that carol types" },
    );
    bob.socket.emit("nonsense");
    await bob.nth("error");
    const wish = { availability: "busy", statusText: "writing" };
    const headers = { authorization: `Bearer ${tokenFor("carol")}`, "content-type": "application/json" };
    await fetch(`${gateway.url}/api/users/me/availability`, {
      method: "PUT",
      headers,
      body: JSON.stringify(wish),
    });
    const blocking = { method: "PUT", headers: { authorization: headers.authorization } };
    await fetch(`${gateway.url}/api/users/me/blocks/bob`, blocking);
    // The end of a block is a partial snapshot.
    await fetch(`${gateway.url}/api/users/me/blocks/bob`, { ...blocking, method: "DELETE" });
    await eventually(() => bob.all<{ partial?: true }>("presence:snapshot").some(({ partial }) => partial), {
      what: "bob receives the end of a block",
    });
    const brief = openClient(gateway.url, { token: tokenFor("alice", {}, { expiresIn: 2 }) });
    clients.push(brief);
    await eventually(() => brief.received.some(({ event }) => event === "auth:expired"));
    await servers.nats.kill();
    await bob.nth("presence:stale");
    await servers.nats.restart();
    await bob.nth("presence:fresh");
    await gateway.stop();
    await bob.nth("server:draining");

    const received = clients.flatMap((client) => client.received);
    const own = received.filter(({ event }) => event !== "disconnect") as {
      event: keyof typeof SERVER_EVENT_TABLE;
      payload: unknown;
    }[];
    for (const { event, payload } of own) {
      expectDescribed("socket", event, payload);
      expectNothingElse(SERVER_EVENT_TABLE[event].payload, payload);
    }
    expect([...new Set(own.map(({ event }) => event))]).toEqual(
      expect.arrayContaining([
        "authenticated",
        "presence:snapshot",
        "user:status",
        "user:status:batch",
        "message:new",
        "typing",
        "error",
        "auth:expired",
        "presence:stale",
        "presence:fresh",
        "server:draining",
      ]),
    );
  });

  it("so is the occupancy of a large room", async () => {
    gateway = await servers.gateway({ LARGE_ROOM_SIZE: "2" });
    const alice = await enter("alice");
    await enter("bob");
    const received = await alice.nth("presence:occupancy");
    expectDescribed("socket", "presence:occupancy", received);
    expectNothingElse(SERVER_EVENT_TABLE["presence:occupancy"].payload, received);
  });
});

describe("over NATS", () => {
  it("answers, refusals and statuses are as described", async () => {
    gateway = await servers.gateway();
    const { nc, close } = await openNats(servers.nats.as("service"), "service");
    const asked: [ServiceSubject, object][] = [
      ["presence.query", { userIds: ["alice", "missing"] }],
      ["presence.activity", { userId: "alice" }],
      ["presence.availability", { userId: "alice", availability: "dnd" }],
      ["presence.membership", { userId: "alice", conversationId: "general", change: "joined" }],
      ["presence.account", { userId: "alice", change: "profile" }],
    ];
    for (const [subject, request] of asked) {
      expectDescribed(subject, "request", request);
      const answer = (await nc.request(subject, JSON.stringify(request), { timeout: 20_000 })).json();
      expectDescribed(`${subject}.answer`, "answer", answer);
      expectNothingElse(SERVICE_REQUESTS[subject].answer, answer);
      const refused = await nc.request(subject, "{}", { timeout: 20_000 });
      expect(refused.headers?.get("Nats-Service-Error-Code")).toBe("400");
      expectDescribed(`${subject}.answer`, "refusal", refused.json());
    }

    const published: unknown[] = [];
    nc.subscribe("presence.status.>", { callback: (_, message) => void published.push(message.json()) });
    await nc.flush();
    (await enter("dave")).close();
    await eventually(() => published.length >= 2, { what: "dave's statuses" });
    for (const status of published) expectDescribed("presence.status", "status", status);
    await close();
  });
});
