import { DIRECTORY_TOKEN, type DirectoryApp, startDirectoryApp } from "@meeshy/shared/testing/directory-app";
import { eventually } from "@meeshy/shared/testing/eventually";
import type { RunningStack } from "@meeshy/shared/testing/stack";
import { startTestStack } from "@meeshy/shared/testing/test-stack";
import pg from "pg";
import { io } from "socket.io-client";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";

/** The whole stack over an application's own people: none of them has a row of ours to begin with. */

interface Status {
  userId: string;
  username: string | null;
  isOnline: boolean;
}

const TOO_LONG = "x".repeat(201);

let app: DirectoryApp;
let stack: RunningStack;
let database: pg.Client;
beforeAll(async () => {
  app = await startDirectoryApp({
    users: ["auth0|ann", "bob", "ghost", "stranger", "cat"].map((id) => ({ id, username: `name of ${id}` })),
    conversations: [
      { id: "room/1", title: "the room", members: ["auth0|ann", "bob", "ghost"] },
      { id: TOO_LONG, title: "a room with a long id", members: ["cat"] },
    ],
    blocks: [],
    sessions: {},
  });
  stack = await startTestStack({
    content: "schema",
    args: ["--no-web", "--no-seed"],
    env: {
      DIRECTORY_URL: app.url,
      DIRECTORY_TOKEN,
      DISCONNECT_GRACE_MS: "300",
      SWEEP_INTERVAL_MS: "500",
    },
  });
  database = new pg.Client({ connectionString: stack.read().database.url });
  await database.connect();
});
afterAll(async () => {
  await database?.end();
  await stack?.stop();
  await app?.stop();
});

const tokenOf = (id: string) => stack.token({ id, username: id, role: "USER" });

async function open(user: string) {
  const socket = io(stack.urls[0], {
    auth: { token: tokenOf(user) },
    transports: ["websocket"],
    forceNew: true,
  });
  onTestFinished(() => void socket.close());
  const statuses: Status[] = [];
  socket.on("user:status", (status) => statuses.push(status));
  await new Promise((resolve) => socket.once("presence:snapshot", resolve));
  return { socket, statuses };
}

async function readBy(viewer: string, id: string): Promise<Status> {
  const answer = await fetch(`${stack.urls[0]}/api/users/${encodeURIComponent(id)}`, {
    headers: { authorization: `Bearer ${tokenOf(viewer)}` },
  });
  return ((await answer.json()) as { user: Status }).user;
}

const isOnlineInRow = async (id: string): Promise<boolean | undefined> =>
  (await database.query('SELECT "isOnline" FROM "User" WHERE "id" = $1', [id])).rows[0]?.isOnline;

test("people see each other by the application's memberships, and get rows for their presence", async () => {
  const ann = await open("auth0|ann");
  const bob = await open("bob");
  await eventually(() => ann.statuses.length === 1);
  expect(ann.statuses).toMatchObject([{ userId: "bob", username: "name of bob", isOnline: true }]);
  await eventually(async () => (await isOnlineInRow("bob")) === true);
  expect(await readBy("bob", "auth0|ann")).toMatchObject({ username: "name of auth0|ann", isOnline: true });
  expect(await readBy("stranger", "bob")).toMatchObject({ username: null, isOnline: false });

  bob.socket.disconnect();
  await eventually(() => ann.statuses.length === 2);
  await eventually(async () => (await isOnlineInRow("bob")) === false);
});

test("a ghost in our rows is set offline by the safety net, for the viewers that the application names", async () => {
  const ann = await open("auth0|ann");
  await database.query(
    `INSERT INTO "User" ("id", "username", "isOnline", "lastActiveAt") VALUES ('ghost', 'ghost', true, now() - interval '1 day')`,
  );
  await eventually(async () => (await isOnlineInRow("ghost")) === false);
  await eventually(() => ann.statuses.length > 0);
  expect(ann.statuses).toMatchObject([{ userId: "ghost", username: "name of ghost", isOnline: false }]);
});

test("a user whom the application does not know is refused, though the token is valid", async () => {
  const socket = io(stack.urls[0], { auth: { token: tokenOf("unknown") }, transports: ["websocket"] });
  onTestFinished(() => void socket.close());
  const error = await new Promise<Error & { data?: unknown }>((resolve) =>
    socket.once("connect_error", resolve),
  );
  expect(error.data).toMatchObject({ code: "unauthorized" });
});

test("a conversation whose id is too long keeps none of its members out, and is counted", async () => {
  await open("cat");
  const metrics = await (await fetch(`${stack.read().gateways[0]?.opsUrl}/metrics`)).text();
  expect(metrics).toMatch(/^meeshy_directory_entries_left_out_total\{list="conversations"\} [1-9]/m);
});
