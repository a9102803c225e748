import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareAndSet, fromBytes, toBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import {
  BUCKET_LEASES,
  leaseKeys,
  STREAM_EVENTS,
  STREAM_STATUS,
  statusSetSubject,
} from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats } from "@meeshy/shared/testing/servers";
import { expect, it, onTestFinished } from "vitest";
import { allOwned, startRig } from "./rig.ts";

it("a log that came back as an earlier copy and has grown past the checkpoint since is another log", async () => {
  const nats = await startNats();
  const rig = await startRig({}, { broker: nats });
  onTestFinished(() => rig.stop());
  const log = join(nats.storeDir, "jetstream/$G/streams", STREAM_EVENTS);
  const copy = await mkdtemp(join(tmpdir(), "meeshy-copy-"));
  onTestFinished(() => rm(copy, { recursive: true, force: true }));
  const replaceLog = async (from: string, to: string) => {
    await nats.kill("SIGTERM");
    await rm(to, { recursive: true, force: true });
    await cp(from, to, { recursive: true });
    await nats.restart();
    await eventually(() => rig.link.nc.rtt());
  };

  const before = rig.gateway();
  const first = await rig.startWorker();
  await allOwned(first);
  await before.connect("alice", "c1");
  await replaceLog(log, copy);
  await before.connect("bob", "c1");
  const lost = await before.disconnect("alice", "c1");
  await eventually(async () => (await rig.status("alice"))?.version === lost);
  await first.stop();

  await replaceLog(copy, log);
  const after = rig.gateway();
  for (let at = 0; at < 10; at++) await after.connect(`user${at}`, "c1");
  await allOwned(await rig.startWorker());
  await after.connect("alice", "c1");
  await eventually(async () => (await rig.status("alice"))?.isOnline);
  expect(await rig.status("alice")).toMatchObject({ epoch: 2 });
});

it("the last statuses of a lost log do not win against those of the new one", async () => {
  const rig = await startRig();
  onTestFinished(() => rig.stop());
  await rig.addUser("alice");
  const first = await rig.startWorker();
  await allOwned(first);
  const online = await rig.gateway().connect("alice", "c1");
  await eventually(async () => (await rig.record("alice"))?.state === "online");
  await first.stop();
  // A disconnect was published and stored in the database, and the worker was killed before it wrote the record.
  const published = await rig.status("alice");
  const subject = statusSetSubject("alice");
  const left = { ...published, isOnline: false, version: online + 50, cause: "disconnect" };
  const { seq = 0 } = (await rig.link.lastValue(STREAM_STATUS, subject)) ?? {};
  await compareAndSet(rig.link, subject, toBytes(left), seq);
  await rig.db.user.update({
    where: { id: "alice" },
    data: { isOnline: false, presenceEpoch: 1, presenceVersion: online + 50 },
  });

  await rig.link.jsm.streams.purge(STREAM_EVENTS);
  await rig.link.jsm.streams.delete(STREAM_EVENTS);
  await allOwned(await rig.startWorker());
  await rig.gateway().connect("alice", "c2");
  await eventually(async () => (await rig.status("alice"))?.isOnline);
  expect(await rig.status("alice")).toMatchObject({ epoch: 2 });
  await eventually(async () => (await rig.db.user.findUniqueOrThrow({ where: { id: "alice" } })).isOnline);
});

it("what an owner had not written down when everything was wiped does not come up in the next epoch", async () => {
  const nats = await startNats();
  const rig = await startRig({}, { broker: nats });
  onTestFinished(() => rig.stop());
  await allOwned(await rig.startWorker());
  const gateway = rig.gateway();
  for (const user of ["alice", "carol", "dave", "erin"]) await gateway.connect(user, "c1");
  await eventually(async () => (await rig.status("erin"))?.isOnline);
  await nats.kill();
  await rm(nats.storeDir, { recursive: true, force: true });
  await nats.restart();

  const epochSubject = keySubject(BUCKET_LEASES, leaseKeys.epoch);
  await eventually(async () => {
    const epoch = await rig.link.lastValue(bucketStream(BUCKET_LEASES), epochSubject);
    return epoch && (fromBytes(epoch.data) as { epoch: number }).epoch === 2;
  });
  await rig.gateway().connect("bob", "c1");
  await eventually(async () => (await rig.status("bob"))?.isOnline);
  await eventually(async () => (await rig.record("bob"))?.state === "online");
  for (const user of ["alice", "carol", "dave", "erin"]) {
    expect(await rig.record(user)).toBeUndefined();
    expect(await rig.status(user)).toBeUndefined();
  }
});
