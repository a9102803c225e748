import { startTestStack } from "@meeshy/shared/testing/test-stack";
import { chromium } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { signalAll, treeOf } from "../../chaos/faults/process-tree.ts";
import { CHROMIUM, CHROMIUM_ARGS } from "../browser/chromium.ts";
import { useFlows } from "../browser/flows.ts";
import { usePage } from "../browser/page.ts";

describe.skipIf(!CHROMIUM)("in a real browser", () => {
  const { stack, url, signIn, isIn, person, shows, useProxy, stayActive, record, carolComesAndLeaves } =
    useFlows();

  it("of several tabs the last one counts", async () => {
    const alice = await signIn("alice");
    const [first, second] = [await signIn("bob"), await signIn("bob")];
    stayActive(second);
    await shows(alice, "bob", "Online");
    const seen = await record(alice, "bob");
    await first.context().close();
    await carolComesAndLeaves(alice);
    expect((await seen()).slice(1)).toEqual([]);
    await second.context().close();
    await shows(alice, "bob", "Left just now");
  });

  it("a browser that is killed is gone after the grace", async () => {
    const alice = await signIn("alice");
    const server = await chromium.launchServer({
      ...(CHROMIUM ? { executablePath: CHROMIUM } : {}),
      args: CHROMIUM_ARGS,
    });
    onTestFinished(() => server.kill());
    const browser = await chromium.connect(server.wsEndpoint());
    const bob = await browser.newPage();
    await bob.goto(`${url()}/?token=${stack().token("bob")}`);
    await shows(alice, "bob", "Online");
    signalAll(treeOf(server.process().pid ?? -1), "SIGKILL");
    await shows(alice, "bob", "Left just now");
  });

  it("a network that is lost and found in time shows nothing to others", async () => {
    const alice = await signIn("alice");
    const { proxy, origin } = await useProxy();
    const bob = await signIn("bob", { origin });
    stayActive(bob);
    await shows(alice, "bob", "Online");
    const seen = await record(alice, "bob");
    proxy.drop();
    await isIn(bob, "connecting");
    await isIn(bob, "live");
    await carolComesAndLeaves(alice);
    expect((await seen()).slice(1)).toEqual([]);
  });

  it("a viewer whose network stands still sees no confident dot, and all is right once it is back", async () => {
    await signIn("bob");
    const { proxy, origin } = await useProxy();
    const alice = await signIn("alice", { origin });
    await shows(alice, "bob", "Online");
    proxy.freeze();
    await person(alice, "bob").locator("[data-stale]").first().waitFor();
    await alice.getByText("No connection.").waitFor();
    proxy.mend();
    await isIn(alice, "live");
    await person(alice, "bob").locator("[data-stale]").first().waitFor({ state: "detached" });
  });
});

describe.skipIf(!CHROMIUM)("in a room that is large", () => {
  const { signIn, shows } = usePage(() =>
    startTestStack({ env: { DISCONNECT_GRACE_MS: "500", LARGE_ROOM_SIZE: "2" } }),
  );

  it("the people on the screen are true, and so is the count", async () => {
    const alice = await signIn("alice");
    await alice.getByText("1 of 4 online").first().waitFor();
    const bob = await signIn("bob");
    await shows(alice, "bob", "Online");
    await alice.getByText("2 of 4 online").first().waitFor();
    await bob.context().close();
    await shows(alice, "bob", "Left just now");
    await alice.getByText("1 of 4 online").first().waitFor();
  });
});
