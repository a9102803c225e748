import { describe, expect, it } from "vitest";
import { signalAll, treeOf } from "../../chaos/faults/process-tree.ts";
import { CHROMIUM } from "../browser/chromium.ts";
import { useFlows } from "../browser/flows.ts";

describe.skipIf(!CHROMIUM)("in a real browser", () => {
  const { stack, signIn, shows, stayActive, record, carolComesAndLeaves } = useFlows();

  it.each(["worker", "database"] as const)("the death of a %s shows nothing to anyone", async (what) => {
    const alice = await signIn("alice");
    const bob = await signIn("bob");
    stayActive(alice);
    stayActive(bob);
    await shows(alice, "bob", "Online");
    const seen = await record(alice, "bob");
    const { workers, database } = stack().read();
    signalAll(treeOf((what === "worker" ? workers[0]?.pid : database.pid) ?? -1), "SIGKILL");
    await carolComesAndLeaves(alice);
    expect((await seen()).slice(1)).toEqual([]);
  });

  it("after the death of nats-server all is right again by itself", async () => {
    const alice = await signIn("alice");
    const bob = await signIn("bob");
    stayActive(bob);
    await shows(alice, "bob", "Online");
    process.kill(stack().read().nats.pid ?? -1, "SIGKILL");
    await carolComesAndLeaves(alice);
    await bob.context().close();
    await shows(alice, "bob", "Left just now");
  });
});
