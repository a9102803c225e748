import { createPresenceClient } from "@meeshy/shared/client";
import type { UserStatus } from "@meeshy/shared/status";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Client,
  openClient,
  type RunningGateway,
  type Servers,
  signIn,
  startServers,
} from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

/** Changes that are made by plain SQL, and announced by no one: they take effect within 30 s. */
const IN_TIME = { within: 30_000 };

/** Online by a service, without a socket. */
const DESK = "desk";
const PEOPLE = ["witness", "disabled", "deleted", "removed", "blocker", "hidden"];
const GUESTS = ["anon_off", "anon_link", "anon_stays"];
let servers: Servers;
let worker: RunningWorker;
let gateway: RunningGateway;
const clients = new Map<string, Client>();
const client = (id: string) => clients.get(id) as Client;
/** What a viewer has received of a person last, singly or in a snapshot. */
const shownOf = (userId: string, viewer = "witness") =>
  client(viewer)
    .received.flatMap(({ event, payload }) => {
      if (event === "user:status") return payload as UserStatus;
      return event === "presence:snapshot" ? (payload as { users: UserStatus[] }).users : [];
    })
    .findLast((status) => status.userId === userId);

beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  gateway = await servers.gateway();
  const { db } = servers;
  await db.user.createMany({ data: PEOPLE.map((id) => ({ id, username: id })) });
  await db.user.create({ data: { id: DESK, username: DESK } });
  await db.conversation.createMany({ data: [{ id: "room" }, { id: "side" }] });
  await db.conversationMember.createMany({
    data: [...PEOPLE, DESK].map((userId) => ({ conversationId: "room", userId })),
  });
  await db.shareLink.createMany({
    data: ["link", "other-link"].map((id) => ({ id, conversationId: "room" })),
  });
  await db.anonymousParticipant.createMany({
    data: GUESTS.map((id) => ({
      ...{ id, username: id, sessionToken: `session of ${id}`, conversationId: "room" },
      shareLinkId: id === "anon_link" ? "link" : "other-link",
    })),
  });
  for (const id of PEOPLE) clients.set(id, await signIn(gateway.url, id));
  for (const id of GUESTS) clients.set(id, openClient(gateway.url, { sessionToken: `session of ${id}` }));
  const { url: broker, user = "", password = "" } = servers.nats.as("service");
  const service = await createPresenceClient({ servers: broker, user, password });
  await service.session(DESK, { sessionId: "desk", ttlS: 300, keepOnline: true });
  await service.close();
  await eventually(() => [...PEOPLE.slice(1), ...GUESTS].every((id) => shownOf(id)?.isOnline), {
    what: "everyone is online in the witness' view",
  });
});
afterAll(async () => {
  for (const one of clients.values()) one.close();
  await worker?.stop();
  await servers?.stop();
});

describe("a change by plain SQL", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    const { db } = servers;
    await db.$executeRaw`UPDATE "User" SET "isActive" = false WHERE "id" = 'disabled'`;
    await db.$executeRaw`DELETE FROM "User" WHERE "id" = 'deleted'`;
    await db.$executeRaw`UPDATE "User" SET "showOnlineStatus" = false WHERE "id" = 'hidden'`;
    await db.$executeRaw`DELETE FROM "ConversationMember" WHERE "userId" = 'removed'`;
    await db.$executeRaw`INSERT INTO "UserBlock" VALUES ('blocker', 'witness')`;
    await db.$executeRaw`UPDATE "AnonymousParticipant" SET "isActive" = false WHERE "id" = 'anon_off'`;
    await db.$executeRaw`UPDATE "ShareLink" SET "isActive" = false WHERE "id" = 'link'`;
  });

  it("holds at once for who sends a message or enters a conversation", async () => {
    const refused = { success: false, error: { code: "not_found" } };
    // The comparison may close the socket first: then there is no answer.
    const ask = (id: string, event: string, payload: object) =>
      Promise.race([
        client(id).ask(event, payload),
        eventually(() => client(id).all("disconnect").length > 0, IN_TIME).then(
          () => undefined,
          () => new Promise<never>(() => {}),
        ),
      ]);
    for (const id of ["disabled", "removed", "anon_off", "anon_link"]) {
      const sent = await ask(id, "message:send", { conversationId: "room", content: "still here" });
      if (sent !== undefined) expect(sent).toMatchObject(refused);
      const joined = await ask(id, "conversation:join", { conversationId: "room" });
      if (joined !== undefined)
        expect(joined).toMatchObject(id === "anon_link" ? { success: true } : refused);
    }
    expect(client("removed").all("disconnect")).toEqual([]);
    expect(
      await client("anon_stays").ask("message:send", { conversationId: "room", content: "hi" }),
    ).toMatchObject({
      success: true,
    });
  });

  it.each([
    ["a disabled account", "disabled", "error", { code: "account_disabled", retryable: false }],
    ["a deleted account", "deleted", "error", { code: "unauthorized", retryable: false }],
    ["a participant who was switched off", "anon_off", "error", { code: "account_disabled" }],
    ["a participant whose link was switched off", "anon_link", "auth:expired", undefined],
  ])("closes the socket of %s, and says why", async (_, id, event, payload) => {
    expect(await eventually(() => client(id).all("disconnect")[0], IN_TIME)).toBe("io server disconnect");
    const notice = client(id).received.find((one) => one.event === event);
    expect(notice).toMatchObject(payload ? { event, payload } : { event });
    await eventually(() => shownOf(id)?.isOnline === false, { what: `${id} is shown offline`, ...IN_TIME });
  });

  it.each([
    ["whose membership was removed", "removed"],
    ["who has blocked the viewer", "blocker"],
    ["who hides", "hidden"],
  ])("takes away what a viewer sees of a person %s", async (_, id) => {
    await eventually(() => shownOf(id)?.isOnline === false, {
      what: `${id} is not shown online`,
      ...IN_TIME,
    });
    expect(client(id).socket.connected).toBe(true);
  });

  it("takes the conversation away from who is no member any more", async () => {
    const before = client("removed").all("message:new").length;
    await client("anon_stays").ask("message:send", { conversationId: "room", content: "who hears?" });
    await eventually(() =>
      client("witness")
        .all("message:new")
        .some(({ content }) => content === "who hears?"),
    );
    expect(client("removed").all("message:new")).toHaveLength(before);
  });

  it("takes away what an anonymous participant sees of someone without a socket who has blocked them", async () => {
    const seen = () => shownOf(DESK, "anon_stays");
    expect(await eventually(() => seen()?.isOnline)).toBe(true);
    await servers.db.$executeRaw`INSERT INTO "UserBlock" VALUES ('desk', 'anon_stays')`;
    await eventually(() => seen()?.isOnline === false, { what: "desk is not shown online", ...IN_TIME });
    expect(client("anon_stays").socket.connected).toBe(true);
  });

  it("leaves the others alone", () => {
    for (const id of ["witness", "anon_stays", "blocker"]) expect(client(id).socket.connected).toBe(true);
    expect(shownOf("anon_stays")?.isOnline).toBe(true);
  });
});

it("a share link that ends by itself ends its participants' sockets, and not before", async () => {
  const expiresAt = new Date(Date.now() + 2_500);
  await servers.db.shareLink.create({ data: { id: "short", conversationId: "side", expiresAt } });
  await servers.db.anonymousParticipant.create({
    data: {
      id: "anon_short",
      username: "s",
      sessionToken: "short",
      shareLinkId: "short",
      conversationId: "side",
    },
  });
  const guest = openClient(gateway.url, { sessionToken: "short" });
  await guest.nth("presence:snapshot");
  await eventually(() => guest.received.some(({ event }) => event === "auth:expired"));
  expect(Date.now()).toBeGreaterThanOrEqual(expiresAt.getTime());
  await guest.nth("disconnect");
  const again = openClient(gateway.url, { sessionToken: "short" });
  expect(await again.nth("connect_error")).toMatchObject({ code: "session_expired" });
});
