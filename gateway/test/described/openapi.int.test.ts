import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, expect, it } from "vitest";
import { z } from "zod";
import { call, type RunningGateway, type Servers, signIn, startServers, tokenFor } from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

/** Every documented route really answers what `/api/openapi.json` says. */

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];
type Responses = Record<string, { content?: Record<string, { schema?: JsonSchema }> }>;
type Paths = Record<string, Record<string, { responses: Responses }>>;

interface Example {
  path: string;
  as?: string;
  body?: object;
  /** the answer does not end */
  isStream?: true;
  /** a request of the same route that is refused */
  refused?: { path?: string; body?: object; as?: string; status: number };
}

const ROLES: Record<string, object> = { admin: { role: "ADMIN" }, calendar: { role: "SERVICE" } };
const claimsOf = (name: string) => ROLES[name] ?? {};
/** A request of another service, which people may not make. */
const service = (request: string, body: object): [string, Example] => {
  const path = `/api/service/${request}`;
  return [`post ${path}`, { path, as: "calendar", body, refused: { as: "alice", status: 403 } }];
};
const missing = "/api/conversations/nope";
const member = "/api/conversations/general/members/carol";

/** One request for each operation of the document; later ones build on what earlier ones did. */
const EXAMPLES: Record<string, Example> = {
  ...Object.fromEntries([
    service("activity", { userId: "bob" }),
    service("availability", { userId: "bob", availability: "busy", expiresInMs: 60_000 }),
    service("session", { userId: "bob", sessionId: "desk", ttlS: 60 }),
    service("membership", { userId: "bob", conversationId: "general", change: "joined" }),
    service("account", { userId: "bob", change: "profile" }),
    service("query", { userIds: ["bob", "missing"], viewerId: "alice" }),
  ]),
  "get /api/users/me": { path: "/api/users/me" },
  "get /api/users/status": { path: "/api/users/status" },
  "get /api/users/presence": {
    path: "/api/users/presence?ids=bob,missing",
    refused: { path: "/api/users/presence", status: 400 },
  },
  "get /api/users/{userId}": { path: "/api/users/bob" },
  "patch /api/users/me/preferences": {
    path: "/api/users/me/preferences",
    body: { showLastSeen: false },
    refused: { body: { showLastSeen: "no" }, status: 400 },
  },
  "put /api/users/me/availability": {
    path: "/api/users/me/availability",
    body: { availability: "busy", statusText: "writing" },
    refused: { body: { availability: "away" }, status: 400 },
  },
  "delete /api/users/me/availability": { path: "/api/users/me/availability" },
  "put /api/users/me/blocks/{userId}": {
    path: "/api/users/me/blocks/bob",
    refused: { path: "/api/users/me/blocks/alice", status: 400 },
  },
  "get /api/users/me/blocks": {
    path: "/api/users/me/blocks?limit=1",
    refused: { path: "/api/users/me/blocks?limit=0", status: 400 },
  },
  "delete /api/users/me/blocks/{userId}": { path: "/api/users/me/blocks/bob" },
  "get /api/conversations": { path: "/api/conversations" },
  "get /api/conversations/{conversationId}/presence": {
    path: "/api/conversations/general/presence",
    refused: { path: `${missing}/presence`, status: 404 },
  },
  "put /api/conversations/{conversationId}/members/{userId}": {
    path: member,
    as: "admin",
    refused: { path: `${missing}/members/carol`, status: 404 },
  },
  "delete /api/conversations/{conversationId}/members/{userId}": {
    path: member,
    as: "admin",
    refused: { path: `${missing}/members/carol`, status: 404 },
  },
  "post /api/messages": {
    path: "/api/messages",
    body: { conversationId: "general", content: "hello" },
    refused: { body: {}, status: 400 },
  },
  "get /api/messages/{conversationId}": {
    path: "/api/messages/general",
    refused: { path: "/api/messages/nope", status: 404 },
  },
  "get /api/admin/maintenance/stats": {
    path: "/api/admin/maintenance/stats",
    as: "admin",
    refused: { as: "alice", status: 403 },
  },
  "post /api/admin/maintenance/cleanup-zombies": {
    path: "/api/admin/maintenance/cleanup-zombies",
    as: "admin",
    refused: { as: "alice", status: 403 },
  },
  "get /api/admin/users": {
    path: "/api/admin/users?state=online&limit=10",
    as: "admin",
    refused: { path: "/api/admin/users?limit=0", status: 400 },
  },
  "get /api/admin/partitions": {
    path: "/api/admin/partitions",
    as: "admin",
    refused: { as: "alice", status: 403 },
  },
  "get /api/admin/transitions": {
    path: "/api/admin/transitions",
    as: "admin",
    isStream: true,
    refused: { as: "alice", status: 403 },
  },
  "get /api/admin/users/{userId}/presence": {
    path: "/api/admin/users/alice/presence",
    as: "admin",
    refused: { as: "alice", status: 403 },
  },
  "post /api/admin/users/{userId}/disconnect": {
    path: "/api/admin/users/alice/disconnect",
    as: "admin",
    refused: { as: "alice", status: 403 },
  },
};

let servers: Servers;
let worker: RunningWorker;
let gateway: RunningGateway;
let paths: Paths;

beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  gateway = await servers.gateway();
  ({ paths } = (await (await fetch(`${gateway.url}/api/openapi.json`)).json()) as { paths: Paths });
  servers.link.nc.subscribe("presence.sweep.cleanup", {
    callback: (_, request) => void request.respond(JSON.stringify({ examined: 0, cleaned: 0 })),
  });
  await signIn(gateway.url, "alice");
  await signIn(gateway.url, "bob");
  await eventually(async () => {
    const { body } = await call(gateway.url, "/api/users/bob", { as: "alice" });
    return (body.user as { isOnline: boolean }).isOnline;
  });
});
afterAll(async () => {
  await worker?.stop();
  await servers?.stop();
});

const operations = () =>
  Object.entries(paths)
    .filter(([path]) => path.startsWith("/api/"))
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`));

/** The schema documented for a status; `4XX` stands for all of its kind. */
function schemaOf(operation: string, status: number): z.ZodType {
  const [method = "", path = ""] = operation.split(" ");
  const responses = paths[path]?.[method]?.responses ?? {};
  const response = responses[status] ?? responses[`${Math.floor(status / 100)}XX`];
  const schema = response?.content?.["application/json"]?.schema;
  if (!schema) throw new Error(`${operation} documents no answer with status ${status}`);
  return z.fromJSONSchema(schema);
}

async function expectDocumented(
  operation: string,
  { path, as, body }: { path: string; as?: string | undefined; body?: object | undefined },
): Promise<number> {
  const [method = ""] = operation.split(" ");
  const answer = await call(gateway.url, path, {
    method: method.toUpperCase(),
    headers: {
      ...(as === undefined ? {} : { authorization: `Bearer ${tokenFor(as, claimsOf(as))}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const { error } = schemaOf(operation, answer.status).safeParse(answer.body);
  expect(error, `${operation}: ${JSON.stringify(answer.body)}`).toBeUndefined();
  return answer.status;
}

/** That what is documented begins; it is not waited for its end. */
async function expectStream(operation: string, path: string, as: string): Promise<void> {
  const aborting = new AbortController();
  const headers = { authorization: `Bearer ${tokenFor(as, claimsOf(as))}` };
  const answer = await fetch(gateway.url + path, { headers, signal: aborting.signal });
  const [method = "", route = ""] = operation.split(" ");
  const documented = paths[route]?.[method]?.responses[answer.status]?.content ?? {};
  expect(Object.keys(documented)).toEqual([answer.headers.get("content-type")]);
  aborting.abort();
}

it("every route of the document has an example here", () => {
  expect(Object.keys(EXAMPLES).toSorted()).toEqual(operations().toSorted());
});

it.each(Object.entries(EXAMPLES))("%s answers as documented", async (operation, example) => {
  const { path, as = "alice", body, isStream, refused } = example;
  if (isStream) await expectStream(operation, path, as);
  else expect(await expectDocumented(operation, { path, as, body })).toBeLessThan(300);
  expect(await expectDocumented(operation, { path, body })).toBe(401);
  if (refused) {
    const { status, ...other } = refused;
    expect(await expectDocumented(operation, { path, as, body, ...other })).toBe(status);
  }
});
