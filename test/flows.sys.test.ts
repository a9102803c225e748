import { demoToken } from "@meeshy/shared/servers/demo-token";
import { startStack } from "@meeshy/shared/testing/stack";
import { startTcpProxy, type TcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { startTestStack } from "@meeshy/shared/testing/test-stack";
import pg from "pg";
import { type BrowserContext, chromium, type Page } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { signalAll, treeOf } from "../chaos/faults/process-tree.ts";
import { CHROMIUM, CHROMIUM_ARGS, CHROMIUM_PLACES } from "./browser/chromium.ts";
import { usePage } from "./browser/page.ts";

if (!CHROMIUM) console.warn(`The page is not tested: there is no Chromium at ${CHROMIUM_PLACES.join(", ")}`);

const JWT_SECRET = "a secret of the tests, long enough";
const MINUTE_MS = 60_000;
/** The page reports activity every 15 s at most. */
const TIMES = {
  ...{ DISCONNECT_GRACE_MS: "2500", OFFLINE_THRESHOLD_MS: "18000", ACTIVITY_THROTTLE_MS: "500" },
  ...{ PING_INTERVAL_MS: "1000", PING_TIMEOUT_MS: "1000" },
};

/** The page's monotonic clock can be put forward by {@link age}, and what it does every 15 s it does every half second. */
const mayAge = (context: BrowserContext) =>
  context.addInitScript(() => {
    const now = performance.now.bind(performance);
    const every = globalThis.setInterval;
    const page = Object.assign(globalThis, { putForwardBy: 0 });
    performance.now = () => now() + page.putForwardBy;
    Object.assign(globalThis, {
      setInterval: (run: () => void, ms: number) => every(run, ms === 15_000 ? 500 : ms),
    });
  });

const age = (page: Page, ms: number): Promise<void> =>
  page.evaluate((by) => {
    (globalThis as unknown as { putForwardBy: number }).putForwardBy += by;
  }, ms);

/** What people do with their browsers, and what happens to those, with times cut down (the ancestor's flows). */
describe.skipIf(!CHROMIUM)("in a real browser", () => {
  const { stack, url, openWindow, signIn, isIn, person, shows } = usePage(() =>
    startStack({ args: ["--workers", "2"], env: { ...TIMES, JWT_SECRET } }),
  );

  /** A way to the gateway that can be broken. */
  async function useProxy(): Promise<{ proxy: TcpProxy; origin: string }> {
    const proxy = await startTcpProxy(Number(new URL(url()).port));
    onTestFinished(() => proxy.close());
    return { proxy, origin: `http://127.0.0.1:${proxy.port}` };
  }

  /** The pointer moves all the time: the person is active. */
  function stayActive(page: Page): void {
    let x = 0;
    const timer = setInterval(() => void page.mouse.move(++x % 200, 10).catch(() => {}), 300);
    onTestFinished(() => clearInterval(timer));
  }

  /** Every text that a person's row has had since, in order. */
  async function record(page: Page, userId: string): Promise<() => Promise<string[]>> {
    await page.evaluate((id) => {
      const row = document.querySelector(`[data-user-id="${id}"]`);
      if (!row) throw new Error(`no row of ${id}`);
      const seen = [row.textContent ?? ""];
      Object.assign(globalThis, { seen });
      new MutationObserver(() => {
        const text = row.textContent ?? "";
        if (text !== seen.at(-1)) seen.push(text);
      }).observe(row, { childList: true, characterData: true, subtree: true });
    }, userId);
    return () => page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
  }

  /** Every phase of the connection that the page has said since, in order. */
  async function recordPhases(page: Page): Promise<() => Promise<string[]>> {
    await page.evaluate(() => {
      const phase = () => document.querySelector("[data-phase]")?.getAttribute("data-phase") ?? "none";
      const phases = [phase()];
      Object.assign(globalThis, { phases });
      new MutationObserver(() => {
        if (phase() !== phases.at(-1)) phases.push(phase());
      }).observe(document.body, { attributes: true, childList: true, subtree: true });
    });
    return () => page.evaluate(() => (globalThis as unknown as { phases: string[] }).phases);
  }

  /** Takes longer than the grace: what the deed before was to change is shown by then. */
  async function carolComesAndLeaves(viewer: Page): Promise<void> {
    const carol = await signIn("carol");
    await shows(viewer, "carol", "Online");
    await carol.context().close();
    await shows(viewer, "carol", "Left just now");
  }

  it("who does nothing is away; a move of the mouse, or a request over REST, is a sign of life", async () => {
    const alice = await signIn("alice");
    const [bob] = [await signIn("bob"), await signIn("carol")];
    await shows(alice, "bob", "Online");
    await shows(alice, "bob", "Away");
    await shows(alice, "carol", "Away");
    await bob.mouse.move(20, 20);
    await shows(alice, "bob", "Online");
    const answer = await fetch(`${url()}/api/conversations`, {
      headers: { authorization: `Bearer ${stack().token("carol")}` },
    });
    expect(answer.status).toBe(200);
    await shows(alice, "carol", "Online");
  });

  it("of several tabs the last one counts", async () => {
    const alice = await signIn("alice");
    const [first, second] = [await signIn("bob"), await signIn("bob")];
    stayActive(second);
    await shows(alice, "bob", "Online");
    const seen = await record(alice, "bob");
    await first.context().close();
    await carolComesAndLeaves(alice);
    expect(await seen()).toHaveLength(1);
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
    expect(await seen()).toHaveLength(1);
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

  const shortToken = (seconds: number) =>
    demoToken({ id: "alice", username: "alice", role: "USER" }, JWT_SECRET, new Date(), seconds);

  it("a token that expires ends the sign-in, and the page says so, and what to do", async () => {
    const alice = await openWindow("/");
    // From now on it runs out: a page that loads slowly shall not find it over.
    await alice.getByLabel("Token").fill(shortToken(8));
    await alice.getByRole("button", { name: "Sign in", exact: true }).click();
    await isIn(alice, "live");
    await alice.getByRole("alert").filter({ hasText: "Your sign-in has expired" }).waitFor();
    await alice.getByText("npm run -s token -- alice").waitFor();
    await alice.getByLabel("Token").fill(stack().token("alice"));
    await alice.getByRole("button", { name: "Sign in" }).click();
    await isIn(alice, "live");
  });

  it("a page that can ask for new tokens outlives one after the other, and shows nothing of it to anyone", async () => {
    const bob = await signIn("bob");
    let given = 0;
    const alice = await openWindow("/?as=alice", {
      prepare: (context) =>
        context.route("**/demo-people.json", (route) => {
          given++;
          return route.fulfill({ json: { people: [{ id: "alice", name: "Alice", token: shortToken(20) }] } });
        }),
    });
    stayActive(alice);
    await isIn(alice, "live");
    await shows(bob, "alice", "Online");
    const [ownNews, othersNews] = [await recordPhases(alice), await record(bob, "alice")];
    const before = given;
    // The second one is asked for when the first has run out long ago.
    await expect.poll(() => given, { timeout: 60_000 }).toBeGreaterThanOrEqual(before + 2);
    await carolComesAndLeaves(bob);
    expect(await ownNews()).toEqual(["live"]);
    expect(await othersNews()).toHaveLength(1);
    expect(await alice.locator("#notice").count()).toBe(0);
  });

  it("a guest whose link is switched off is out, and reads why", async () => {
    const guest = await openWindow("/?session=demo-session-token");
    await isIn(guest, "live");
    const client = new pg.Client({ connectionString: stack().read().database.url });
    await client.connect();
    try {
      await client.query('UPDATE "ShareLink" SET "isActive" = false');
      await guest.getByRole("alert").filter({ hasText: "Your visit as a guest has ended" }).waitFor();
      const again = await openWindow("/?session=demo-session-token");
      await again.getByRole("alert").filter({ hasText: "Your visit as a guest has ended" }).waitFor();
    } finally {
      await client.query('UPDATE "ShareLink" SET "isActive" = true');
      await client.end();
    }
  });

  it("who is idle ages by the viewer's page alone: minute by minute, then from away to offline", async () => {
    const received: string[] = [];
    const alice = await openWindow(`/?token=${stack().token("alice")}`, {
      async prepare(context) {
        await mayAge(context);
        context.on("page", (page) =>
          page.on("websocket", (socket) =>
            socket.on("framereceived", ({ payload }) => received.push(String(payload))),
          ),
        );
      },
    });
    await isIn(alice, "live");
    await signIn("bob");
    await shows(alice, "bob", "Online");
    await shows(alice, "bob", "Away");
    const seen = (text: string) => person(alice, "bob").getByText(text, { exact: true }).waitFor();
    await seen("Last seen just now");
    const aboutBob = () => received.filter((message) => message.includes('"bob"'));
    const known = aboutBob();
    expect(known).not.toEqual([]);
    await age(alice, 2 * MINUTE_MS);
    await seen("Last seen 2 minutes ago");
    await age(alice, MINUTE_MS);
    await seen("Last seen 3 minutes ago");
    const dot = (status: string) => person(alice, "bob").locator(`[data-status="${status}"]`).first();
    await dot("away").waitFor();
    await age(alice, 27 * MINUTE_MS);
    await seen("Last seen 30 minutes ago");
    await dot("offline").waitFor();
    expect(aboutBob()).toEqual(known);
  });

  it("without a connection who was online ages to away, and to offline", async () => {
    await signIn("bob");
    const { proxy, origin } = await useProxy();
    const alice = await openWindow(`/?token=${stack().token("alice")}`, { origin, prepare: mayAge });
    await shows(alice, "bob", "Online");
    proxy.freeze();
    const dot = (status: string) =>
      person(alice, "bob").locator(`[data-stale][data-status="${status}"]`).first().waitFor();
    await dot("online");
    await age(alice, 6 * MINUTE_MS);
    await dot("away");
    await age(alice, 25 * MINUTE_MS);
    await dot("offline");
  });

  it.each([2, -2])("a viewer's clock that is %i hours wrong changes no word", async (hours) => {
    const alice = await openWindow(`/?token=${stack().token("alice")}`, {
      prepare: (context) =>
        context.addInitScript((ms) => {
          const now = Date.now.bind(Date);
          Date.now = () => now() + ms;
        }, hours * 3_600_000),
    });
    await isIn(alice, "live");
    const bob = await signIn("bob");
    await shows(alice, "bob", "Online");
    await bob.context().close();
    await shows(alice, "bob", "Left just now");
  });

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
    expect(await seen()).toHaveLength(1);
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
