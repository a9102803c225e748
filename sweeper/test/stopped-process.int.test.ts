import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats } from "@meeshy/shared/testing/servers";
import { expect, onTestFinished, test } from "vitest";
import {
  GATEWAY_LEASE_MS,
  lossesIn,
  openBoard,
  openLog,
  startGateway,
  timeoutsIn,
  watchPartitionEvents,
} from "./fixtures.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** The process as it is deployed; ended when the test is. No database answers. */
function startProcess(natsUrl: string) {
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env.PATH,
      NATS_URL: natsUrl,
      DATABASE_URL: "postgresql://user@127.0.0.1:1/none",
      GATEWAY_LEASE_MS: String(GATEWAY_LEASE_MS),
      LOG_LEVEL: "warn",
    },
    stdio: "ignore",
  });
  const exited = once(child, "exit");
  onTestFinished(async () => {
    child.kill("SIGCONT");
    child.kill("SIGTERM");
    await exited;
  });
  return { child, exited };
}

test("a sweeper that stood still and goes on declares no gateway lost, and lets two leases pass", async () => {
  const nats = await startNats();
  onTestFinished(() => nats.stop());
  const link = await openLog(nats.url);
  const logged = watchPartitionEvents(link);
  const gateways = [await startGateway(nats.url, "a"), await startGateway(nats.url, "b")];
  const { child } = startProcess(nats.url);
  await eventually(() => timeoutsIn(logged, 0).length >= 2);
  child.kill("SIGSTOP");
  const stoppedAt = performance.now();
  await eventually(() => performance.now() - stoppedAt > 3.5 * GATEWAY_LEASE_MS);
  const before = timeoutsIn(logged, 0).length;
  const wokenAt = Date.now();
  child.kill("SIGCONT");
  const afterwards = () => timeoutsIn(logged, 0).slice(before);
  await eventually(() => afterwards().length >= 2);
  expect(lossesIn(logged)).toEqual([]);
  expect(gateways.map((gateway) => gateway.declaredLost())).toEqual([false, false]);
  expect((afterwards()[0]?.time ?? 0) - wokenAt).toBeGreaterThan(2 * GATEWAY_LEASE_MS);
});

test("the process stops on SIGTERM with exit code 0 and leaves the lease board", async () => {
  const nats = await startNats();
  onTestFinished(() => nats.stop());
  const link = await openLog(nats.url);
  const board = await openBoard(link);
  const { child, exited } = startProcess(nats.url);
  await eventually(() => board.list("s.").length === 1);
  child.kill("SIGTERM");
  expect((await exited)[0]).toBe(0);
  await eventually(() => board.list("s.").length === 0);
});
