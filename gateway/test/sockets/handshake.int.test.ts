import { eventually } from "@meeshy/shared/testing/eventually";
import { startPostgres, type TestPostgres } from "@meeshy/shared/testing/servers";
import jwt from "jsonwebtoken";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  openClient,
  type RunningGateway,
  SECRET,
  type Servers,
  signIn,
  startServers,
  tokenFor,
} from "../harness.ts";

let postgres: TestPostgres;
let servers: Servers;
let gateway: RunningGateway;
beforeAll(async () => {
  postgres = await startPostgres();
  servers = await startServers({ postgres });
  const { db } = servers;
  await db.user.create({ data: { id: "erin", username: "erin", isActive: false } });
  await db.user.create({ data: { id: "auth0|5.f*>7 é", username: "foreign" } });
  const guest = { shareLinkId: "general-link", conversationId: "general" };
  await db.anonymousParticipant.createMany({
    data: [{ ...guest, id: "anon_left", username: "left", sessionToken: "left", isActive: false }],
  });
  await db.shareLink.createMany({
    data: [
      { id: "closed", conversationId: "general", isActive: false },
      { id: "past", conversationId: "general", expiresAt: new Date(0) },
    ],
  });
  await db.anonymousParticipant.createMany({
    data: ["closed", "past"].map((shareLinkId) => ({
      id: `anon_${shareLinkId}`,
      username: shareLinkId,
      sessionToken: shareLinkId,
      shareLinkId,
      conversationId: "general",
    })),
  });
  gateway = await servers.gateway();
});
afterAll(() => servers?.stop());

describe("a refused handshake", () => {
  const expired = () => jwt.sign({ userId: "alice", exp: 1 }, SECRET);
  it.each<[string, () => object, string]>([
    ["nothing shown", () => ({}), "unauthorized"],
    ["a token that is none", () => ({ token: "hello" }), "unauthorized"],
    ["a token that is no text", () => ({ token: { a: 1 } }), "unauthorized"],
    ["an expired token", () => ({ token: expired() }), "token_expired"],
    [
      "an expired token beside a session",
      () => ({ token: expired(), sessionToken: "demo-session-token" }),
      "token_expired",
    ],
    ["a token of an unknown user", () => ({ token: tokenFor("missing") }), "unauthorized"],
    ["a token of an id with NUL", () => ({ token: tokenFor("a\0b") }), "unauthorized"],
    ["a disabled account", () => ({ token: tokenFor("erin") }), "account_disabled"],
    ["an unknown session", () => ({ sessionToken: "nope" }), "session_expired"],
    ["an endless session token", () => ({ sessionToken: "x".repeat(10_000) }), "session_expired"],
    ["a participant who has left", () => ({ sessionToken: "left" }), "session_expired"],
    ["a link that is closed", () => ({ sessionToken: "closed" }), "session_expired"],
    ["a link that is past", () => ({ sessionToken: "past" }), "session_expired"],
  ])("says why: %s", async (_, auth, code) => {
    const client = openClient(gateway.url, auth());
    const refusal = await client.nth("connect_error");
    expect(refusal).toEqual({ code, message: expect.any(String), retryable: false });
    client.close();
  });

  it("leaves nothing in the log", async () => {
    expect(await servers.readLog()).toEqual([]);
  });
});

it("an account that is disabled is out within seconds, though it was known a moment ago", async () => {
  const { user } = servers.db;
  await user.create({ data: { id: "frank", username: "frank" } });
  (await signIn(gateway.url, "frank")).close();
  await user.update({ where: { id: "frank" }, data: { isActive: false } });
  await eventually(async () => {
    const client = openClient(gateway.url, { token: tokenFor("frank") });
    await eventually(() => client.received.length > 0);
    client.close();
    return client.all<{ code: string }>("connect_error")[0]?.code === "account_disabled";
  });
});

it("a foreign id, with a pipe, dots, stars, spaces and accents, is let in and written reversibly", async () => {
  const client = openClient(gateway.url, { token: tokenFor("auth0|5.f*>7 é") });
  expect(await client.nth("authenticated")).toMatchObject({ user: { id: "auth0|5.f*>7 é" } });
  expect((await servers.readLog()).at(-1)?.subject.split(".")[4]).toBe("auth0=7C5=2Ef=2A=3E7=20=C3=A9");
  client.close();
});

describe("with the database away", () => {
  it("admits known users, refuses the others for now, and passes statuses on", async () => {
    const alice = await signIn(gateway.url, "alice");
    await servers.publishStatus("bob", { conversationIds: ["general"], version: 10 });
    await alice.nth("user:status");
    await postgres.kill();
    try {
      const [known, unknown] = ["alice", "dave"].map((id) =>
        openClient(gateway.url, { token: tokenFor(id) }),
      );
      expect(await unknown?.nth("disconnect")).toBe("transport close");
      await known?.nth("presence:snapshot");
      await servers.publishStatus("bob", { conversationIds: ["general"], version: 11, isOnline: false });
      expect(await known?.nth("user:status")).toMatchObject({ userId: "bob", isOnline: false });
      known?.close();
    } finally {
      alice.close();
      await postgres.restart();
    }
  });
});
