import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeEach, expect, it } from "vitest";
import { allOwned, type Rig, type RunningWorker, startRig } from "./rig.ts";

let rig: Rig | undefined;
let running: RunningWorker;
beforeEach(async () => {
  await rig?.stop();
  rig = await startRig({ graceMs: 500 });
  running = await rig.startWorker();
  await allOwned(running);
});
afterAll(() => rig?.stop());
const started = (): Rig => {
  if (rig === undefined) throw new Error("not started");
  return rig;
};

const rowOf = (id: string) => started().db.user.findUniqueOrThrow({ where: { id } });
/** The row holds what was published last. */
const rowFollows = async (userId: string) => {
  const [row, status] = [await rowOf(userId), await started().status(userId)];
  expect({
    isOnline: row.isOnline,
    epoch: row.presenceEpoch,
    version: Number(row.presenceVersion),
  }).toEqual({ isOnline: status?.isOnline, epoch: status?.epoch, version: status?.version });
  return true;
};
const refused = async () => {
  const text = await running.registry.metrics();
  return Number(/^meeshy_db_rows_refused_total (\d+)/m.exec(text)?.[1]);
};
const connected = async (...userIds: string[]) => {
  const gateway = started().gateway();
  for (const userId of userIds) {
    await started().addUser(userId);
    await gateway.connect(userId, "c1");
    await eventually(async () => expect((await rowOf(userId)).isOnline).toBe(true));
  }
  return gateway;
};

it.each([
  ["of a later epoch", { presenceEpoch: 5, presenceVersion: 1_000n }, 6],
  ["of a place that the log has not reached", { presenceVersion: 1_000_000n }, 2],
])(
  "rows %s are noticed at the next write, and follow again in an epoch after it",
  async (_, restored, epoch) => {
    const gateway = await connected("alice", "bob");
    await started().db.user.updateMany({ data: restored });
    await gateway.disconnect("alice", "c1");
    await eventually(async () => expect((await started().status("bob"))?.epoch).toBe(epoch));
    expect(await refused()).toBeGreaterThan(0);
    const next = started().gateway();
    await next.connect("bob", "c1");
    await eventually(async () => {
      await started().tick();
      const status = await started().status("alice");
      return status?.isOnline === false && status.epoch === epoch;
    });
    await eventually(() => rowFollows("alice"));
    await eventually(() => rowFollows("bob"));
    expect(await rowOf("bob")).toMatchObject({ isOnline: true, presenceEpoch: epoch });
  },
);

it("rows of an epoch that no service can have come to are overwritten, and everything goes on", async () => {
  const gateway = await connected("alice");
  await started().db.user.updateMany({ data: { presenceEpoch: 2 ** 31 - 1, presenceVersion: 5n } });
  await started().db.presenceLog.updateMany({ data: { epoch: 2 ** 31 - 1 } });
  const left = await gateway.disconnect("alice", "c1");
  await eventually(() => rowFollows("alice"));
  expect(await started().status("alice")).toMatchObject({ epoch: 1, version: left });

  await running.stop();
  running = await started().startWorker();
  await allOwned(running);
  const came = await gateway.connect("alice", "c2");
  await eventually(() => rowFollows("alice"));
  expect(await started().status("alice")).toMatchObject({ isOnline: true, epoch: 1, version: came });
});
