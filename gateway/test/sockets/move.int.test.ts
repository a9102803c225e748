import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type Client,
  openClient,
  type RunningGateway,
  type Servers,
  signIn,
  startServers,
  tokenFor,
} from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

const MOVES = 20;
/** Longer than any handshake takes, on a busy machine too. */
const LEAVE_HELD_MS = 3_000;

let servers: Servers;
let worker: RunningWorker;
let gateways: [RunningGateway, RunningGateway];
let alice: Client;
beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  const start = () => servers.gateway({}, { leaveHeldMs: LEAVE_HELD_MS });
  gateways = await Promise.all([start(), start()]);
  alice = await signIn(gateways[0].url, "alice");
});
afterAll(async () => {
  alice?.close();
  await worker?.stop();
  await servers?.stop();
});

const shownOfBob = () =>
  alice.all<{ userId: string; isOnline: boolean }>("user:status").filter(({ userId }) => userId === "bob");
const leavesOfBob = async () =>
  (await servers.readLog()).filter(
    ({ event, subject }) => event.type === "disconnected" && /bob$/.test(subject),
  );

it("a page that leaves one gateway and comes to another in the same moment is not seen to leave", async () => {
  let here = await signIn(gateways[0].url, "bob");
  await eventually(() => shownOfBob().at(-1)?.isOnline);
  const before = shownOfBob().length;
  for (let move = 1; move <= MOVES; move++) {
    const { url } = gateways[move % 2] ?? gateways[0];
    here.close();
    here = openClient(url, { token: tokenFor("bob") });
    await here.nth("presence:snapshot");
  }
  // The leaves that were held are written after the connects elsewhere. The last one, of no move, is shown.
  await eventually(async () => (await leavesOfBob()).length === MOVES, {
    what: "the held leaves in the log",
  });
  here.close();
  await eventually(() => shownOfBob().at(-1)?.isOnline === false);
  expect(
    shownOfBob()
      .slice(before)
      .filter(({ isOnline }) => !isOnline),
  ).toHaveLength(1);
});
