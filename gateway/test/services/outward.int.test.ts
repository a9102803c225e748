import { createPresenceClient, type PresenceClient } from "@meeshy/shared/client";
import { openNats } from "@meeshy/shared/nats/connect";
import type { StatusMessage } from "@meeshy/shared/status";
import { statusSetSubject, statusSubject } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { call, type RunningGateway, type Servers, settle, signIn, startServers } from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

/** Three gateways and a worker; `external` hears, reads and asks as a reader of another team does. */
let servers: Servers;
let worker: RunningWorker;
let gateway: RunningGateway;
let nc: Awaited<ReturnType<typeof as>>;
let trusted: typeof nc;
let client: PresenceClient;
/** everything that each role was sent on the subjects of statuses */
const heard: StatusMessage[] = [];
const heardByService: StatusMessage[] = [];

const as = async (role: "external" | "service") => (await openNats(servers.nats.as(role), role)).nc;
const lastOf = async (subject: string) => {
  const answer = await nc.request(`$JS.API.DIRECT.GET.PRESENCE_STATUS.${subject}`, "", { timeout: 2_000 });
  return answer.headers?.code === 404 ? undefined : answer.json<StatusMessage>();
};

beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  [gateway] = (await Promise.all([1, 2, 3].map(() => servers.gateway()))) as [RunningGateway];
  [nc, trusted] = await Promise.all([as("external"), as("service")]);
  client = await createPresenceClient({ nc, onError: () => {} });
  nc.subscribe("presence.status.>", { callback: (_, message) => void heard.push(message.json()) });
  trusted.subscribe("presence.status.>", {
    callback: (_, message) => void heardByService.push(message.json()),
  });
  await Promise.all([nc.flush(), trusted.flush()]);
});
afterAll(async () => {
  await client?.close();
  await Promise.all([nc?.close(), trusted?.close()]);
  await worker?.stop();
  await servers?.stop();
});

let round = 0;
let ann = "";
beforeEach(async () => {
  ann = `ann-${++round}`;
  await servers.db.user.create({ data: { id: ann, username: ann } });
  await servers.db.conversationMember.create({ data: { userId: ann, conversationId: "general" } });
});
const of = (userId: string, all = heard) => all.filter((status) => status.userId === userId);
const patch = (as: string, body: object) =>
  call(gateway.url, "/api/users/me/preferences", {
    as,
    method: "PATCH",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json" },
  });
const sees = (userId: string, isOnline: boolean) =>
  eventually(() => of(userId).at(-1)?.isOnline === isOnline, { what: `${userId}: ${isOnline}` });

describe("a reader of another team", () => {
  it("hears and reads who comes and goes, without their conversations; a trusted service with them", async () => {
    const own = await signIn(gateway.url, ann);
    await sees(ann, true);
    expect(await lastOf(statusSetSubject(ann))).toMatchObject({
      userId: ann,
      isOnline: true,
      conversationIds: [],
    });
    await eventually(() => of(ann, heardByService).length > 0);
    expect(of(ann, heardByService)[0]?.conversationIds).toEqual(["general"]);
    own.close();
    await sees(ann, false);
    expect(of(ann).every(({ conversationIds }) => conversationIds.length === 0)).toBe(true);
    expect(await lastOf(statusSetSubject(ann))).toMatchObject({
      isOnline: false,
      lastSeen: expect.any(String),
    });
  });

  it("is shown who hides as leaving, and nothing of what they do then", async () => {
    const watched: boolean[] = [];
    const watch = client.watch([ann], ({ isOnline }) => watched.push(isOnline));
    const own = await signIn(gateway.url, ann);
    await sees(ann, true);
    await patch(ann, { showOnlineStatus: false });
    await sees(ann, false);
    expect(of(ann).at(-1)).toMatchObject({ lastActiveAt: null, lastSeen: null, at: null });
    // A gateway that has become their publisher meanwhile may publish the departure again, at later news of them.
    const distinct = () => [...new Set(of(ann).map((status) => JSON.stringify({ ...status, version: 0 })))];
    const before = distinct();
    own.close();
    await eventually(() => of(ann, heardByService).at(-1)?.isOnline === false);
    const again = await signIn(gateway.url, ann);
    await patch(ann, { showLastSeen: false });
    await settle();
    expect(distinct()).toEqual(before);
    expect(await lastOf(statusSetSubject(ann))).toBeUndefined();
    await patch(ann, { showOnlineStatus: true });
    await sees(ann, true);
    expect(of(ann).at(-1)).toMatchObject({ lastActiveAt: null, lastSeen: null });
    await eventually(() => watched.at(-1) === true);
    expect(watched).toContain(false);
    watch.stop();
    again.close();
  });

  it("is sent nothing of an invisible person", async () => {
    await gateway.people.availability.set(ann, { availability: "invisible" });
    const own = await signIn(gateway.url, ann);
    await own.ask("activity");
    await eventually(() => of(ann, heardByService).length >= 0);
    await settle();
    expect(of(ann).some(({ isOnline }) => isOnline)).toBe(false);
    own.close();
  });

  it("reads named people alone", async () => {
    expect(await lastOf("presence.set.*")).toBeUndefined();
    expect(await lastOf("presence.set.missing")).toBeUndefined();
    expect(statusSubject("a.b")).toBe("presence.status.a=2Eb");
  });

  it("learns no more of a person by naming them as the viewer", async () => {
    const own = await signIn(gateway.url, ann);
    await sees(ann, true);
    await patch(ann, { showOnlineStatus: false });
    await sees(ann, false);
    expect(await client.get([ann], ann)).toMatchObject([{ isOnline: false, lastActiveAt: null, version: 0 }]);
    own.close();
  });
});
