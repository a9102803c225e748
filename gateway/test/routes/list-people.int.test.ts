import { toBytes } from "@meeshy/shared/nats/last-value";
import { keySubject } from "@meeshy/shared/nats/streams";
import { BUCKET_STATE, recordKey } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startPostgres, type TestPostgres } from "@meeshy/shared/testing/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, type RunningGateway, type Servers, signIn, startServers, tokenFor } from "../harness.ts";

let postgres: TestPostgres;
let servers: Servers;
let gateway: RunningGateway;
beforeAll(async () => {
  postgres = await startPostgres();
  servers = await startServers({ postgres });
  const ids = Array.from({ length: 7 }, (_, n) => `list-${n}`);
  await servers.db.user.createMany({ data: ids.map((id) => ({ id, username: `Listed ${id}` })) });
  gateway = await servers.gateway();
});
afterAll(() => servers?.stop());

interface Listed {
  userId: string;
  state: string;
  [field: string]: unknown;
}
interface Page {
  users: Listed[];
  nextCursor: string | null;
  stale?: true;
}

const headers = () => ({
  authorization: `Bearer ${tokenFor("admin", { role: "ADMIN" })}`,
  "x-presence-passive": "1",
});
const read = async (query: string) => {
  const { status, body } = await call(gateway.url, `/api/admin/users?${query}`, { headers: headers() });
  expect(status).toBe(200);
  return body as unknown as Page;
};
async function readAll(query: string): Promise<Listed[]> {
  const users: Listed[] = [];
  let cursor: string | null = "";
  while (cursor !== null) {
    const page: Page = await read(cursor === "" ? query : `${query}&cursor=${cursor}`);
    users.push(...page.users);
    cursor = page.nextCursor;
  }
  return users;
}
const idsOf = (users: Listed[]) => users.map(({ userId }) => userId);
const writeRecord = (userId: string, record: object) =>
  servers.link.acks.publish(
    keySubject(BUCKET_STATE, recordKey(userId)),
    toBytes({ connections: [], ...record }),
  );
const setRow = (id: string, data: object) => servers.db.user.update({ where: { id }, data });

describe("a request that cannot be served", () => {
  const asUser = () => ({ authorization: `Bearer ${tokenFor("alice")}` });
  const paths = ["/api/admin/users", "/api/admin/partitions", "/api/admin/transitions"];
  it.each(paths)("without a token, or without the claim: %s", async (path) => {
    expect((await call(gateway.url, path)).body).toMatchObject({ error: { code: "unauthorized" } });
    const { status, body } = await call(gateway.url, path, { headers: asUser() });
    expect([status, body]).toMatchObject([403, { error: { code: "forbidden" } }]);
  });

  it.each([
    "state=away",
    "state=",
    "limit=0",
    "limit=101",
    "limit=x",
    "limit=1&limit=2",
    "cursor=garbage",
    "cursor=",
    `q=${"x".repeat(101)}`,
  ])("%s", async (query) => {
    const { status, body } = await call(gateway.url, `/api/admin/users?${query}`, { headers: headers() });
    expect([status, body]).toMatchObject([400, { error: { code: "bad_request", retryable: false } }]);
  });
});

describe("people", () => {
  it("are listed once each, page by page, registered and anonymous ones", async () => {
    const people = await readAll("limit=3");
    const ids = idsOf(people);
    expect(ids).toEqual([...new Set(ids)]);
    expect(ids).toEqual(expect.arrayContaining(["alice", "anon_demo", "list-0", "list-6"]));
    expect(people.find(({ userId }) => userId === "list-3")).toEqual({
      ...{ userId: "list-3", username: "Listed list-3", displayName: null, isAnonymous: false },
      ...{ state: "offline", shownOnline: false, availability: "available", statusText: null },
      ...{ lastActiveAt: null, connections: [], deadline: null, cause: null },
    });
    expect((await read("limit=3")).users).toHaveLength(3);
    expect(idsOf(await readAll("q=LISTED%20list-"))).toEqual(ids.filter((id) => id.startsWith("list-")));
  });

  it("are judged by their records where there is one, by their rows elsewhere", async () => {
    const since = Date.now() - 60_000;
    const elsewhere = { id: "c-1", gatewayId: "another", device: "Phone", since, passive: true };
    await setRow("list-0", { isOnline: true });
    await setRow("list-1", { isOnline: true });
    await setRow("list-2", { isOnline: true, lastActiveAt: new Date(since) });
    const zombie = { state: "zombie", deadline: since + 90_000, zombieCause: "gateway-lost" };
    await writeRecord("list-0", { ...zombie, connections: [elsewhere], lastActiveAt: since + 5 });
    await writeRecord("list-1", { state: "offline" });
    await servers.publishStatus("list-0", { version: 3, lastActiveAt: new Date(since).toISOString() });
    await servers.publishStatus("list-2", { version: 4, isOnline: true, cause: "connect" });
    await eventually(async () => (await read("q=list-2")).users[0]?.shownOnline === true);

    expect((await read("state=zombie")).users).toEqual([
      {
        ...{ userId: "list-0", username: "Listed list-0", displayName: null, isAnonymous: false },
        ...{ state: "zombie", shownOnline: true, availability: "available", statusText: null },
        lastActiveAt: new Date(since + 5).toISOString(),
        connections: [
          {
            ...{ connectionId: "c-1", gatewayId: "another", device: "Phone", passive: true },
            since: new Date(since).toISOString(),
          },
        ],
        deadline: new Date(since + 90_000).toISOString(),
        cause: "gateway-lost",
      },
    ]);
    expect(await read("state=online&q=listed")).toMatchObject({
      users: [{ userId: "list-2", state: "online", shownOnline: true, cause: "connect" }],
      nextCursor: null,
    });
    expect(idsOf(await readAll("state=offline&q=listed&limit=2"))).toEqual(
      // The row says online, the record offline: the row follows.
      ["list-3", "list-4", "list-5", "list-6"],
    );
    expect((await read("q=list-1")).users).toMatchObject([{ state: "offline", shownOnline: false }]);
  });

  it("who are invisible are found, with what they chose and where they are", async () => {
    const choice = { availability: "invisible", statusText: "away", expiresAt: null };
    await setRow("list-4", { availability: "invisible" });
    const connections = [{ id: "c-4", gatewayId: "another", device: null, since: 0 }];
    await writeRecord("list-4", {
      ...{ state: "online", connections, availability: "invisible", statusText: "away" },
      layers: { standing: choice, timed: null, services: [] },
    });
    const { users } = await read("state=invisible");
    expect(users).toMatchObject([
      {
        ...{ userId: "list-4", state: "online", shownOnline: false, availability: "invisible" },
        ...{ statusText: "away", connections: [{ connectionId: "c-4", passive: false }] },
      },
    ]);
    expect(idsOf(await readAll("state=online"))).toContain("list-4");
  });

  it("who hide their status are shown online to no one", async () => {
    await servers.publishStatus("list-5", { version: 7 });
    await eventually(async () => (await read("q=list-5")).users[0]?.shownOnline === true);
    await setRow("list-5", { showOnlineStatus: false });
    expect((await read("q=list-5")).users).toMatchObject([{ shownOnline: false }]);
  });

  it("a record that cannot be read costs no one else anything", async () => {
    await writeRecord("list-6", { connections: "none" });
    expect(idsOf(await readAll("q=listed"))).toHaveLength(7);
  });

  it("connections to this gateway are listed before any record says so", async () => {
    const alice = await signIn(gateway.url, "alice");
    const { connectionId } = await alice.nth<{ connectionId: string }>("authenticated");
    expect((await read("q=alice")).users).toMatchObject([
      { connections: [{ connectionId, passive: false, device: null }] },
    ]);
    alice.close();
  });

  it("are listed by their rows alone, and said to be, while NATS is away", async () => {
    await servers.nats.kill();
    try {
      await eventually(async () => (await read("q=listed")).stale);
      const { users } = await read("q=listed");
      expect(users[0]).toMatchObject({ userId: "list-0", state: "online", connections: [], deadline: null });
      const { status } = await call(gateway.url, "/api/admin/partitions", { headers: headers() });
      expect(status).toBe(503);
    } finally {
      await servers.nats.restart();
    }
    await eventually(async () => !(await read("q=listed")).stale, { what: "records are read again" });
  });

  it("cannot be listed while the database is away, nor followed", async () => {
    await read("q=listed");
    await postgres.kill();
    try {
      for (const path of ["/api/admin/users", "/api/admin/transitions"]) {
        const { status, body } = await call(gateway.url, path, { headers: headers() });
        expect([status, body]).toMatchObject([503, { error: { code: "unavailable", retryable: true } }]);
      }
    } finally {
      await postgres.restart();
    }
  });
});
