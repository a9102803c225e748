import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Servers, settle, signIn, startServers } from "../harness.ts";

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

const contents = (messages: { content: string }[]) => messages.map(({ content }) => content);

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
      await eventually(() => client.all("message:new").length >= sent.length);
    }
    await settle();
    expect(contents(alice.all("message:new"))).toEqual(sent);
    expect(contents(bob.all("message:new"))).toEqual(sent);
  });

  it("sent into a server that stands still is received once it goes on", async () => {
    const [first, second] = [await servers.gateway(), await servers.gateway()];
    const [alice, bob] = [await signIn(first.url, "alice"), await signIn(second.url, "bob")];
    await servers.nats.kill("SIGSTOP");
    await alice.ask("message:send", { conversationId: "general", content: "anyone?" });
    await alice.nth("presence:stale");
    await servers.nats.kill("SIGCONT");
    await bob.nth("message:new");
    await alice.nth("message:new");
    await settle();
    expect([alice, bob].map((client) => client.all("message:new").length)).toEqual([1, 1]);
  });
});
