import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, type RunningGateway, type Servers, startServers } from "../harness.ts";

let servers: Servers;
let gateway: RunningGateway;
beforeAll(async () => {
  servers = await startServers();
  gateway = await servers.gateway();
});
afterAll(() => servers?.stop());

const PATH = "/api/users/me/blocks";
const read = (as: string, query = "") => call(gateway.url, `${PATH}${query}`, { as });
const setBlocked = (as: string, userId: string, isBlocked: boolean) =>
  call(gateway.url, `${PATH}/${userId}`, { as, method: isBlocked ? "PUT" : "DELETE" });

/** `dave` shares no conversation with alice, and `missing` is no one's id. */
const NO_NAME = { username: null, displayName: null };
const BLOCKED = [
  { userId: "anon_demo", username: "guest", displayName: null, isAnonymous: true },
  { userId: "anon_missing", ...NO_NAME, isAnonymous: true },
  { userId: "bob", username: "bob", displayName: "Bob", isAnonymous: false },
  { userId: "carol", username: "carol", displayName: "Carol", isAnonymous: false },
  { userId: "dave", ...NO_NAME, isAnonymous: false },
  { userId: "missing", ...NO_NAME, isAnonymous: false },
];

describe("the people whom the caller has blocked", () => {
  it("are given to the caller alone, by the names that the caller may know, and kept by no cache", async () => {
    expect((await read("alice")).body).toEqual({ blocks: [], nextCursor: null });
    for (const { userId } of BLOCKED) await setBlocked("alice", userId, true);
    const answer = await read("alice");
    expect(answer.body).toEqual({ blocks: BLOCKED, nextCursor: null });
    expect(answer.headers.get("cache-control")).toBe("no-store");
    for (const other of ["bob", "dave"]) expect((await read(other)).body.blocks).toEqual([]);
  });

  it("are read page by page, in the order of their ids", async () => {
    const pages: unknown[] = [];
    let cursor: unknown = "";
    while (cursor !== null) {
      const { body } = await read("alice", `?limit=4${cursor && `&cursor=${cursor}`}`);
      pages.push(body.blocks);
      cursor = body.nextCursor;
    }
    expect(pages).toEqual([BLOCKED.slice(0, 4), BLOCKED.slice(4)]);
    for (const query of ["?limit=0", "?limit=201", "?limit=x", "?cursor=", "?cursor=x"])
      expect([query, (await read("alice", query)).status]).toEqual([query, 400]);
  });

  it("lose their names to a caller who shares a conversation with them no more, and stay", async () => {
    const own = { as: "alice", method: "DELETE" };
    for (const room of ["general", "project"])
      expect((await call(gateway.url, `/api/conversations/${room}/members/alice`, own)).status).toBe(200);
    const { body } = await read("alice");
    expect(body.blocks).toEqual(BLOCKED.map((person) => ({ ...person, ...NO_NAME })));
  });

  it("are fewer after a block was taken back", async () => {
    await setBlocked("alice", "bob", false);
    const { body } = await read("alice");
    expect(body.blocks).toHaveLength(BLOCKED.length - 1);
    expect(JSON.stringify(body)).not.toContain("bob");
  });

  it("are none of an anonymous participant's, who can block no one", async () => {
    const headers = { "x-session-token": "demo-session-token" };
    const answer = await call(gateway.url, PATH, { headers });
    expect(answer).toMatchObject({ status: 403, body: { error: { code: "forbidden" } } });
  });
});
