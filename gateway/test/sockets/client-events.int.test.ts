import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Client, type RunningGateway, type Servers, settle, signIn, startServers } from "../harness.ts";

let servers: Servers;
let gateway: RunningGateway;
let alice: Client;
let bob: Client;
beforeAll(async () => {
  servers = await startServers();
  gateway = await servers.gateway();
  [alice, bob] = (await Promise.all(["alice", "bob"].map((id) => signIn(gateway.url, id)))) as [
    Client,
    Client,
  ];
});
afterAll(() => servers?.stop());

describe("an event", () => {
  it.each<[string, string, unknown, string]>([
    ["of no name known", "nonsense", {}, "unknown_event"],
    ["of a name that every object has", "constructor", {}, "unknown_event"],
    ["that servers send", "user:status", {}, "unknown_event"],
    ["named like a failure", "error", {}, "unknown_event"],
    ["without its payload", "message:send", undefined, "bad_request"],
    ["with null", "message:send", null, "bad_request"],
    ["with a list", "message:send", [], "bad_request"],
    ["with wrong types", "message:send", { conversationId: 1, content: {} }, "bad_request"],
    ["with an empty text", "message:send", { conversationId: "general", content: "" }, "bad_request"],
    [
      "with too long a text",
      "message:send",
      { conversationId: "general", content: "x".repeat(10_001) },
      "bad_request",
    ],
    ["with NUL alone", "message:send", { conversationId: "general", content: "\0" }, "bad_request"],
    ["for a conversation of others", "message:send", { conversationId: "notes", content: "hi" }, "not_found"],
    ["for no conversation", "message:send", { conversationId: "nope", content: "hi" }, "not_found"],
    [
      "with 5,000 ids",
      "presence:watch",
      { userIds: Array.from({ length: 5_000 }, (_, n) => `${n}`) },
      "bad_request",
    ],
    ["that enters a conversation of others", "conversation:join", { conversationId: "notes" }, "not_found"],
  ])("%s is answered with its fault", async (_, event, payload, code) => {
    expect(await alice.ask(event, payload)).toMatchObject({
      success: false,
      error: { code, retryable: false },
    });
  });

  it("without a way to answer gets its fault as an error event, and harms nothing", async () => {
    const before = alice.all("error").length;
    alice.socket.emit("nonsense");
    alice.socket.emit("message:send", "not an object");
    alice.socket.emit("activity");
    expect(await alice.nth("error", before + 1)).toMatchObject({ code: "unknown_event" });
    expect(await alice.nth("error", before + 2)).toMatchObject({ code: "bad_request" });
    expect(await alice.ask("activity")).toEqual({ success: true });
    expect(alice.all("error")).toHaveLength(before + 2);
  });

  it("activity takes any payload for none", async () => {
    expect(await alice.ask("activity", { whatever: 1 })).toEqual({ success: true });
  });
});

describe("a message", () => {
  it("reaches every member once, on every gateway, and no one else", async () => {
    const second = await servers.gateway();
    const [carol, dave] = await Promise.all(["carol", "dave"].map((id) => signIn(second.url, id)));
    const answer = await alice.ask("message:send", { conversationId: "general", content: "hello" });
    expect(answer).toEqual({ success: true, data: { messageId: expect.any(String) } });
    for (const client of [alice, bob, carol]) {
      expect(await client?.nth("message:new")).toMatchObject({
        id: (answer.data as { messageId: string }).messageId,
        conversationId: "general",
        senderId: "alice",
        content: "hello",
      });
    }
    await settle();
    for (const client of [alice, bob, carol]) expect(client?.all("message:new")).toHaveLength(1);
    expect(dave?.all("message:new")).toEqual([]);
    await second.stop();
  });
});

it("a frame over 64 kB closes the socket that sent it, and no other", async () => {
  const greedy = await signIn(gateway.url, "alice");
  greedy.socket.emit("message:send", { conversationId: "general", content: "x".repeat(70_000) });
  await greedy.nth("disconnect");
  expect(await alice.ask("activity")).toEqual({ success: true });
  expect(bob.socket.connected).toBe(true);
});
