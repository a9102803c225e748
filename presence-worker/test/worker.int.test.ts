import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allOwned, type Rig, type RunningWorker, startRig } from "./rig.ts";

describe("one worker", () => {
  let rig: Rig;
  let running: RunningWorker;
  beforeAll(async () => {
    rig = await startRig({ graceMs: 0 });
    running = await rig.startWorker();
    await allOwned(running);
  });
  afterAll(() => rig.stop());

  it("shows a person who connects online, with the log sequence as version, and the database follows", async () => {
    await rig.addUser("alice");
    const gateway = rig.gateway();
    const seq = await gateway.connect("alice", "c1");
    const status = await eventually(() => rig.status("alice"));
    expect(status).toMatchObject({ isOnline: true, cause: "connect", epoch: 1, version: seq, conversationIds: ["general"] });
    await eventually(async () => (await rig.db.user.findUniqueOrThrow({ where: { id: "alice" } })).isOnline);
    const row = await rig.db.user.findUniqueOrThrow({ where: { id: "alice" } });
    expect(Number(row.presenceVersion)).toBe(seq);
    expect(row.lastActiveAt?.toISOString()).toBe(status.at);
  });

  it("shows a person who leaves offline at once, writes history, and forgets the record", async () => {
    await rig.addUser("bob");
    const gateway = rig.gateway();
    const came = await gateway.connect("bob", "c1");
    const left = await gateway.disconnect("bob", "c1");
    await eventually(async () => (await rig.status("bob"))?.isOnline === false);
    expect(await rig.status("bob")).toMatchObject({ cause: "disconnect", version: left });
    const history = await eventually(async () => {
      const rows = await rig.db.presenceTransition.findMany({ where: { userId: "bob" }, orderBy: { version: "asc" } });
      return rows.length === 2 && rows;
    });
    expect(history.map(({ from, to, cause, version }) => [from, to, cause, Number(version)])).toEqual([
      ["offline", "online", "connect", came],
      ["online", "offline", "disconnect", left],
    ]);
    await eventually(async () => (await rig.record("bob")) === undefined);
    expect((await rig.db.user.findUniqueOrThrow({ where: { id: "bob" } })).isOnline).toBe(false);
  });
});
