import { fromBytes, toBytes } from "@meeshy/shared/nats/last-value";
import { agreeOnSettings } from "@meeshy/shared/nats/shared-settings";
import { bucketStream } from "@meeshy/shared/nats/streams";
import {
  BUCKET_LEASES,
  BUCKET_STATE,
  eventSubject,
  gatewaySubject,
  STREAM_EVENTS,
  STREAM_STATUS,
} from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats } from "@meeshy/shared/testing/servers";
import { isLater, VERSIONS } from "@meeshy/shared/versions";
import { expect, onTestFinished, test } from "vitest";
import { openLog, readAll, silent } from "../../shared/test/nats/kit.ts";
import { allOwned, startRig } from "./rig.ts";
import { startWorkerProcess } from "./worker-process.ts";

test("everything that a worker writes, and what a gateway's publisher writes, carries its version", async () => {
  const rig = await startRig();
  onTestFinished(() => rig.stop());
  const running = await rig.startWorker();
  await allOwned(running);
  const gateway = rig.gateway();
  const commands: unknown[] = [];
  rig.link.subscribe(gatewaySubject(gateway.id), (message) => {
    commands.push(fromBytes(message.data));
    message.respond();
  });
  await gateway.connect("alice", "c1");
  await gateway.connect("bob", "c1");
  await eventually(async () => (await rig.record("alice"))?.state === "online");
  await rig.link.acks.publish(
    eventSubject("admin", "bob"),
    toBytes({ v: VERSIONS.logMessage, event: { type: "disconnect-all" } }),
  );
  await eventually(async () => (await rig.status("bob"))?.isOnline === false);
  await eventually(async () => (await rig.record("bob"))?.state === "offline");

  for (const stream of [
    STREAM_EVENTS,
    STREAM_STATUS,
    bucketStream(BUCKET_STATE),
    bucketStream(BUCKET_LEASES),
  ]) {
    const values = await readAll(rig.link, stream, ">");
    expect(values.length).toBeGreaterThan(0);
    for (const { subject, data } of values) {
      expect(fromBytes(data), subject).toMatchObject({ v: 1 });
    }
  }
  expect(commands).toEqual([expect.objectContaining({ type: "close", v: VERSIONS.command })]);
});

test("a value without a version, or of one up to the known one, is readable; of any other it may not be", () => {
  for (const value of [{}, { v: 0 }, { v: VERSIONS.lease }, undefined, "text", null])
    expect(isLater("lease", value)).toBe(false);
  for (const value of [{ v: VERSIONS.lease + 1 }, { v: "2" }, { v: null }])
    expect(isLater("lease", value)).toBe(true);
});

test("a process of another number of partitions than those that run does not start", async () => {
  const nats = await startNats();
  onTestFinished(() => nats.stop());
  const log = await openLog(nats.url);
  await agreeOnSettings(log, silent, 32);
  const worker = startWorkerProcess({
    NATS_URL: nats.url,
    DATABASE_URL: "postgresql://user@127.0.0.1:1/none",
  });
  expect(await worker.kill("SIGCONT")).toBe(1);
  expect(worker.output()).toContain("over 64 partitions, the processes that run over 32");
});
