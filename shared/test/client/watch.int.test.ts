import { createPresenceClient, type PresenceClient } from "@meeshy/shared/client";
import { type NatsLink, openNats } from "@meeshy/shared/nats/connect";
import { toBytes } from "@meeshy/shared/nats/last-value";
import { ensureStreams } from "@meeshy/shared/nats/streams";
import { hiddenStatus, type StatusMessage } from "@meeshy/shared/status";
import { STREAM_STATUS, statusSetSubject } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { startTcpProxy, type TcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from "vitest";

let nats: TestNats;
let link: NatsLink;
let proxy: TcpProxy;
let client: PresenceClient;
let errors: unknown[];

beforeAll(async () => {
  nats = await startNats({ auth: true });
  link = await openNats(nats.as("tester"), "test");
  await ensureStreams(link, 1);
});
afterAll(async () => {
  await link?.close();
  await nats?.stop();
});
beforeEach(async () => {
  await link.jsm.streams.purge(STREAM_STATUS);
  proxy = await startTcpProxy(nats.port);
  errors = [];
  client = await createPresenceClient({
    servers: `127.0.0.1:${proxy.port}`,
    user: "external",
    password: nats.as("external").password ?? "",
    onError: (error) => void errors.push(error),
  });
  return async () => {
    await client.close();
    await proxy.close();
  };
});

const status = (userId: string, version: number, given: Partial<StatusMessage> = {}): StatusMessage => ({
  ...hiddenStatus(userId, userId),
  isOnline: true,
  epoch: 1,
  version,
  conversationIds: [],
  directoryVersion: 0,
  ...given,
});
const publish = (message: StatusMessage) =>
  link.acks.publish(statusSetSubject(message.userId), toBytes(message));

/** Watches, and remembers what is told as `<user> <version>`, with a minus for offline. */
async function watch(userIds?: string[]): Promise<string[]> {
  const told: string[] = [];
  const watching = client.watch(userIds, ({ userId, version, isOnline }) => {
    told.push(`${userId} ${isOnline ? "" : "-"}${version}`);
  });
  onTestFinished(watching.stop);
  await watching.ready;
  return told;
}
const tells = (told: string[], ...expected: string[]) =>
  eventually(() => expect(told).toEqual(expected), { what: expected.join(", ") });

test("the present status of each named user comes first, then their changes, and no one else's", async () => {
  await publish(status("alice", 3));
  const told = await watch(["alice", "auth0|7"]);
  expect(told.toSorted()).toEqual(["alice 3", "auth0|7 -0"]);
  await publish(status("bob", 4));
  await publish(status("auth0|7", 5));
  await publish(status("alice", 6, { isOnline: false }));
  await eventually(() => told.length === 4);
  expect(told.slice(2)).toEqual(["auth0|7 5", "alice -6"]);
});

test("what is published while a watch begins is told without a gap and in order", async () => {
  let version = 1;
  await publish(status("alice", version));
  let isDone = false;
  const publishing = (async () => {
    while (!isDone) await publish(status("alice", ++version));
  })();
  const told = await watch(["alice"]);
  await eventually(() => told.length > 50);
  isDone = true;
  await publishing;
  await eventually(() => told.at(-1) === `alice ${version}`);
  const versions = told.map((line) => Number(line.split(" ")[1]));
  const first = versions[0] ?? 0;
  expect(versions).toEqual(versions.map((_, at) => first + at));
});

test("changes during a break are caught up on afterwards, and what is known is not told again", async () => {
  await publish(status("alice", 1));
  await publish(status("bob", 2));
  const told = await watch(["alice", "bob"]);
  proxy.cut();
  await publish(status("alice", 3, { isOnline: false }));
  await publish(status("alice", 4));
  proxy.mend();
  await tells(told, ...told.slice(0, 2), "alice 4");
  await publish(status("bob", 5));
  await tells(told, ...told.slice(0, 2), "alice 4", "bob 5");
});

test("nobody goes back: an older status is not told, one with news of the directory is", async () => {
  await publish(status("alice", 7));
  const told = await watch(["alice"]);
  await publish(status("alice", 6, { isOnline: false }));
  await publish(status("alice", 7));
  await publish(status("alice", 7, { directoryVersion: 1 }));
  await publish(status("alice", 1, { epoch: 2 }));
  await tells(told, "alice 7", "alice 7", "alice 1");
});

test("somebody told online of whom nothing is held after a break is told offline", async () => {
  await publish(status("alice", 1));
  const told = await watch(["alice"]);
  proxy.cut();
  await link.jsm.streams.purge(STREAM_STATUS);
  proxy.mend();
  await tells(told, "alice 1", "alice -1");
});

test("without names everyone's changes are told from now on, and those told of are caught up on", async () => {
  await publish(status("alice", 1));
  const told = await watch();
  await publish(status("bob", 2));
  await tells(told, "bob 2");
  proxy.cut();
  await publish(status("bob", 3));
  proxy.mend();
  await tells(told, "bob 2", "bob 3");
  await publish(status("alice", 4));
  await tells(told, "bob 2", "bob 3", "alice 4");
});

test("what cannot be read, and a listener that throws, are told as errors and stop nothing", async () => {
  const told = await watch(["alice"]);
  const failing = client.watch(["alice"], () => {
    throw new Error("the listener's own");
  });
  onTestFinished(failing.stop);
  await failing.ready;
  await link.acks.publish(statusSetSubject("alice"), toBytes({ userId: "alice" }));
  await publish(status("alice", 2));
  await tells(told, "alice -0", "alice 2");
  expect(errors.map(String)).toContain("Error: the listener's own");
  expect(errors.map(String).join()).toContain("isOnline");
});

test("a watch that is stopped tells nothing more", async () => {
  const told: number[] = [];
  const watching = client.watch(["alice"], ({ version }) => void told.push(version));
  await watching.ready;
  watching.stop();
  const others = await watch(["alice"]);
  await publish(status("alice", 9));
  await eventually(() => others.includes("alice 9"));
  expect(told).toEqual([0]);
});

test("a reader's requests that only services may make are refused by name", async () => {
  await expect(client.activity("alice")).rejects.toMatchObject({ code: "forbidden" });
});

test("a client with a wrong password is refused", async () => {
  const opening = createPresenceClient({ servers: nats.url, user: "external", password: "guess" });
  await expect(opening).rejects.toThrow(/authorization/i);
});

test("a connection of one's own stays open", async () => {
  const own = await openNats(nats.as("external"), "mine");
  onTestFinished(() => own.close());
  const second = await createPresenceClient({ nc: own.nc });
  await publish(status("alice", 1));
  const told: number[] = [];
  await second.watch(["alice"], ({ version }) => void told.push(version)).ready;
  expect(told).toEqual([1]);
  await second.close();
  expect(own.nc.isClosed()).toBe(false);
});
