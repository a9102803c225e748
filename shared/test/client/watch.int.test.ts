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
    user: "service",
    password: nats.as("service").password ?? "",
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

/** Watches, and keeps what is delivered as `<user> <version>`, with a minus for offline. */
async function watch(userIds?: string[]): Promise<string[]> {
  const delivered: string[] = [];
  const watching = client.watch(userIds, ({ userId, version, isOnline }) => {
    delivered.push(`${userId} ${isOnline ? "" : "-"}${version}`);
  });
  onTestFinished(watching.stop);
  await watching.ready;
  return delivered;
}
const delivers = (delivered: string[], ...expected: string[]) =>
  eventually(() => expect(delivered).toEqual(expected), { what: expected.join(", ") });

test("the present status of each named user comes first, then their changes, and no one else's", async () => {
  await publish(status("alice", 3));
  const delivered = await watch(["alice", "auth0|7"]);
  expect(delivered.toSorted()).toEqual(["alice 3", "auth0|7 -0"]);
  await publish(status("bob", 4));
  await publish(status("auth0|7", 5));
  await publish(status("alice", 6, { isOnline: false }));
  await eventually(() => delivered.length === 4);
  expect(delivered.slice(2)).toEqual(["auth0|7 5", "alice -6"]);
});

test("what is published while a watch begins is delivered in order and without a gap", async () => {
  let version = 1;
  await publish(status("alice", version));
  let isDone = false;
  const publishing = (async () => {
    while (!isDone) await publish(status("alice", ++version));
  })();
  const delivered = await watch(["alice"]);
  await eventually(() => delivered.length > 50);
  isDone = true;
  await publishing;
  await eventually(() => delivered.at(-1) === `alice ${version}`);
  const versions = delivered.map((line) => Number(line.split(" ")[1]));
  const first = versions[0] ?? 0;
  expect(versions).toEqual(versions.map((_, at) => first + at));
});

test("changes during a break are caught up on afterwards, and what is known is not delivered again", async () => {
  await publish(status("alice", 1));
  await publish(status("bob", 2));
  const delivered = await watch(["alice", "bob"]);
  proxy.cut();
  await publish(status("alice", 3, { isOnline: false }));
  await publish(status("alice", 4));
  proxy.mend();
  await delivers(delivered, ...delivered.slice(0, 2), "alice 4");
  await publish(status("bob", 5));
  await delivers(delivered, ...delivered.slice(0, 2), "alice 4", "bob 5");
});

test("no status goes back: an older one is not delivered, one with news of the directory is", async () => {
  await publish(status("alice", 7));
  const delivered = await watch(["alice"]);
  await publish(status("alice", 6, { isOnline: false }));
  await publish(status("alice", 7));
  await publish(status("alice", 7, { directoryVersion: 1 }));
  await publish(status("alice", 1, { epoch: 2 }));
  await delivers(delivered, "alice 7", "alice 7", "alice 1");
});

test("a person delivered as online who is not stored after a break is delivered as offline", async () => {
  await publish(status("alice", 1));
  const delivered = await watch(["alice"]);
  proxy.cut();
  await link.jsm.streams.purge(STREAM_STATUS);
  proxy.mend();
  await delivers(delivered, "alice 1", "alice -1");
});

test("without names all users' changes are delivered from now on, and the users delivered before are caught up on", async () => {
  await publish(status("alice", 1));
  const delivered = await watch();
  await publish(status("bob", 2));
  await delivers(delivered, "bob 2");
  proxy.cut();
  await publish(status("bob", 3));
  proxy.mend();
  await delivers(delivered, "bob 2", "bob 3");
  await publish(status("alice", 4));
  await delivers(delivered, "bob 2", "bob 3", "alice 4");
});

test("what cannot be read, and a listener that throws, are reported as errors and stop nothing", async () => {
  const delivered = await watch(["alice"]);
  const failing = client.watch(["alice"], () => {
    throw new Error("the listener's own");
  });
  onTestFinished(failing.stop);
  await failing.ready;
  await link.acks.publish(statusSetSubject("alice"), toBytes({ userId: "alice" }));
  await publish(status("alice", 2));
  await delivers(delivered, "alice -0", "alice 2");
  expect(errors.map(String)).toContain("Error: the listener's own");
  expect(errors.map(String).join()).toContain("isOnline");
});

test("a stopped watch delivers nothing more", async () => {
  const delivered: number[] = [];
  const watching = client.watch(["alice"], ({ version }) => void delivered.push(version));
  await watching.ready;
  watching.stop();
  const others = await watch(["alice"]);
  await publish(status("alice", 9));
  await eventually(() => others.includes("alice 9"));
  expect(delivered).toEqual([0]);
});

test("a reader's requests that only services may make are refused by name", async () => {
  const password = nats.as("external").password ?? "";
  const reader = await createPresenceClient({ servers: nats.url, user: "external", password });
  onTestFinished(() => reader.close());
  await expect(reader.activity("alice")).rejects.toMatchObject({ code: "forbidden" });
});

test("a client with a wrong password is refused", async () => {
  const opening = createPresenceClient({ servers: nats.url, user: "service", password: "guess" });
  await expect(opening).rejects.toThrow(/authorization/i);
});

test("a connection of one's own stays open", async () => {
  const own = await openNats(nats.as("service"), "mine");
  onTestFinished(() => own.close());
  const second = await createPresenceClient({ nc: own.nc });
  await publish(status("alice", 1));
  const delivered: number[] = [];
  await second.watch(["alice"], ({ version }) => void delivered.push(version)).ready;
  expect(delivered).toEqual([1]);
  await second.close();
  expect(own.nc.isClosed()).toBe(false);
});
