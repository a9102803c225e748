import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type Client,
  openClient,
  type RunningGateway,
  type Servers,
  settle,
  signIn,
  startServers,
  tokenFor,
} from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

let servers: Servers;
let worker: RunningWorker;
let gateways: [RunningGateway, RunningGateway];
let alice: Client;
beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  gateways = await Promise.all([servers.gateway(), servers.gateway()]);
  alice = await signIn(gateways[0].url, "alice");
});
afterAll(async () => {
  alice?.close();
  await worker?.stop();
  await servers?.stop();
});

const MOVES = 50;
const LEAVES = 40;
const bobs = () =>
  alice.all<{ userId: string; isOnline: boolean }>("user:status").filter(({ userId }) => userId === "bob");

it("a page that leaves one gateway and comes to another in the same moment is not seen to leave", async () => {
  let here = await signIn(gateways[0].url, "bob");
  await eventually(() => bobs().at(-1)?.isOnline);
  const before = bobs().length;
  for (let move = 1; move <= MOVES; move++) {
    const { url } = gateways[move % 2] ?? gateways[0];
    here.close();
    here = openClient(url, { token: tokenFor("bob") });
    await here.nth("presence:snapshot");
  }
  await settle();
  const offlines = bobs()
    .slice(before)
    .filter(({ isOnline }) => !isOnline).length;
  here.close();
  expect(offlines).toBe(0);
});

it("a clean leave is shown within the time that is promised", async () => {
  const took: number[] = [];
  for (let leave = 0; leave < LEAVES; leave++) {
    const page = await signIn(gateways[1].url, "bob");
    await eventually(() => bobs().at(-1)?.isOnline, { every: 1 });
    const at = performance.now();
    page.close();
    await eventually(() => bobs().at(-1)?.isOnline === false, { every: 1 });
    took.push(performance.now() - at);
  }
  const median = took.toSorted((a, b) => a - b)[LEAVES / 2] ?? 0;
  expect(median).toBeLessThan(150);
});
