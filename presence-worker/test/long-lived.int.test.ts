import { bucketStream } from "@meeshy/shared/nats/streams";
import { BUCKET_STATE, STREAM_STATUS } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { expect, it, onTestFinished } from "vitest";
import { allOwned, startRig } from "./rig.ts";

const KEPT_MS = 4_000;

it("a user who is online for longer than the broker keeps values stays so under one version, also while no sweeper writes", async () => {
  const rig = await startRig({ renewAfterMs: KEPT_MS / 4 });
  onTestFinished(() => rig.stop());
  const running = await rig.startWorker();
  await allOwned(running);
  for (const stream of [STREAM_STATUS, bucketStream(BUCKET_STATE)])
    await rig.link.jsm.streams.update(stream, { max_age: KEPT_MS * 1e6, duplicate_window: KEPT_MS * 1e6 });
  const versions = new Set<number>();
  rig.link.nc.subscribe("presence.status.alice", {
    callback: (_error, message) => void versions.add(message.json<{ version: number }>().version),
  });

  const gateway = rig.gateway();
  const came = await gateway.connect("alice", "c1");
  await gateway.connect("bob", "c1");
  await gateway.disconnect("bob", "c1");
  await eventually(async () => (await rig.status("bob"))?.isOnline === false);
  await eventually(async () => (await rig.status("bob")) === undefined, {
    every: 250,
    what: "the end of a value that is not renewed",
  });
  expect(await rig.status("alice")).toMatchObject({ isOnline: true, version: came });
  expect(await rig.record("alice")).toMatchObject({ state: "online", seq: came });
  expect([...versions]).toEqual([came]);
});
