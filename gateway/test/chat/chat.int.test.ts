import type { ChatMessage } from "@meeshy/shared/socket-events";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Client, type Servers, settle, signIn, startServers } from "../harness.ts";

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

/** Of these messages those that the client has, in its order: after a break it may get older ones again. */
const received = (client: Client, contents: readonly string[]) =>
  client
    .all<ChatMessage>("message:new")
    .map(({ content }) => content)
    .filter((content) => contents.includes(content));

describe("a chat message", () => {
  it("reaches the members on every gateway once, its sender included, and no stranger", async () => {
    const [first, second] = [await servers.gateway(), await servers.gateway()];
    const [alice, bob, dave] = [
      await signIn(first.url, "alice"),
      await signIn(second.url, "bob"),
      await signIn(second.url, "dave"),
    ];
    await alice.ask("message:send", { conversationId: "project", content: "hello" });
    await bob.nth("message:new");
    await alice.nth("message:new");
    await settle();
    expect([alice, bob, dave].map((client) => client.all("message:new").length)).toEqual([1, 1, 0]);
  });

  it("sent while NATS is away is received once it is back, by everyone, once, in order", async () => {
    const [first, second] = [await servers.gateway(), await servers.gateway()];
    const [alice, bob] = [await signIn(first.url, "alice"), await signIn(second.url, "bob")];
    await servers.nats.kill();
    const sent = ["one", "two", "three"];
    for (const content of sent) {
      expect(await alice.ask("message:send", { conversationId: "general", content })).toMatchObject({
        success: true,
      });
    }
    await servers.nats.restart();
    for (const client of [alice, bob]) {
      await eventually(() => received(client, sent).length >= sent.length);
    }
    await settle();
    expect(received(alice, sent)).toEqual(sent);
    expect(received(bob, sent)).toEqual(sent);
  });

  it("sent into a server that stands still is received once it goes on", async () => {
    const [first, second] = [await servers.gateway(), await servers.gateway()];
    const [alice, bob] = [await signIn(first.url, "alice"), await signIn(second.url, "bob")];
    await servers.nats.kill("SIGSTOP");
    const sent = ["anyone?"];
    expect(await alice.ask("message:send", { conversationId: "general", content: sent[0] })).toMatchObject({
      success: true,
    });
    await alice.nth("presence:stale");
    await servers.nats.kill("SIGCONT");
    for (const client of [alice, bob]) await eventually(() => received(client, sent).length > 0);
    await settle();
    for (const client of [alice, bob]) expect(received(client, sent)).toEqual(sent);
  });
});
