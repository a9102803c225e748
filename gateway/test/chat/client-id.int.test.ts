import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, expect, it } from "vitest";
import { call, type RunningGateway, type Servers, settle, signIn, startServers } from "../harness.ts";

let servers: Servers;
let first: RunningGateway;
let second: RunningGateway;
beforeAll(async () => {
  servers = await startServers();
  [first, second] = [await servers.gateway(), await servers.gateway()];
});
afterAll(() => servers?.stop());

interface Message {
  id: string;
  content: string;
  clientId?: string;
}

const post = async (url: string, body: object, as = "alice") => {
  const answer = await call(url, "/api/messages", {
    method: "POST",
    as,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ conversationId: "general", content: "hello", ...body }),
  });
  return { ...answer, message: answer.body.message as Message };
};
const history = async (as: string) =>
  (await call(first.url, "/api/messages/general", { as })).body.messages as Message[];

it("the same message sent again is one message, over another gateway, by REST and after a restart too", async () => {
  const [alice, bob] = [await signIn(first.url, "alice"), await signIn(second.url, "bob")];
  const elsewhere = await signIn(second.url, "alice");
  const named = { conversationId: "general", content: "hello", clientId: "c 1" };
  const sent = await alice.ask("message:send", named);
  const { messageId } = sent.data as { messageId: string };
  for (const client of [alice, elsewhere, bob]) await client.nth("message:new");
  expect(await alice.ask("message:send", named)).toEqual(sent);
  expect(await elsewhere.ask("message:send", { ...named, content: "changed" })).toEqual(sent);
  const repeated = await post(second.url, { clientId: "c 1" });
  expect([repeated.status, repeated.message.id]).toEqual([201, messageId]);
  const third = await servers.gateway();
  const late = await signIn(third.url, "bob");
  expect((await post(third.url, { clientId: "c 1" })).message).toMatchObject({
    id: messageId,
    clientId: "c 1",
  });

  // What follows on the same path shows that nothing came between.
  await alice.ask("message:send", { conversationId: "general", content: "last" });
  for (const client of [alice, elsewhere, bob, late])
    await eventually(() => client.all<Message>("message:new").at(-1)?.content === "last");
  await settle();
  for (const client of [alice, elsewhere, bob])
    expect(client.all<Message>("message:new").map(({ content }) => content)).toEqual(["hello", "last"]);
  expect(late.all<Message>("message:new").map(({ content }) => content)).toEqual(["last"]);
  expect((await history("bob")).filter(({ id }) => id === messageId)).toHaveLength(1);
});

it("what the client called it is received by the sender alone, and read by the sender alone", async () => {
  const [alice, bob] = [await signIn(first.url, "alice"), await signIn(first.url, "bob")];
  const elsewhere = await signIn(second.url, "alice");
  await alice.ask("message:send", { conversationId: "project", content: "hello", clientId: "mine" });
  for (const client of [alice, elsewhere])
    expect(await client.nth("message:new")).toMatchObject({ content: "hello", clientId: "mine" });
  expect(await bob.nth("message:new")).not.toHaveProperty("clientId");
  const read = async (as: string) =>
    (await call(first.url, "/api/messages/project", { as })).body.messages as Message[];
  expect((await read("alice"))[0]).toHaveProperty("clientId", "mine");
  expect((await read("bob"))[0]).not.toHaveProperty("clientId");
});

it("each sender has names of their own, and messages without one are each their own", async () => {
  const ids = [
    (await post(first.url, { clientId: "shared" })).message.id,
    (await post(first.url, { clientId: "shared" }, "bob")).message.id,
    (await post(first.url, {})).message.id,
    (await post(first.url, {})).message.id,
  ];
  expect(new Set(ids).size).toBe(4);
});

it("sent many times at once it is one message", async () => {
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, n) => post(n % 2 ? first.url : second.url, { clientId: "at once" })),
  );
  expect(new Set(answers.map(({ message }) => message.id)).size).toBe(1);
});

it.each<[unknown, string]>([
  ["", "empty"],
  ["x".repeat(65), "too long"],
  ["a\nb", "of two lines"],
  ["\ud800", "malformed"],
  [7, "a number"],
])("a name that is none is refused: %j (%s)", async (clientId) => {
  const alice = await signIn(first.url, "alice");
  const payload = { conversationId: "general", content: "hello", clientId };
  expect(await alice.ask("message:send", payload)).toMatchObject({ error: { code: "bad_request" } });
  const { status, body } = await post(first.url, { clientId });
  expect([status, body]).toMatchObject([400, { error: { code: "bad_request" } }]);
  alice.close();
});
