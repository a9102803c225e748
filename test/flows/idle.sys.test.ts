import type { BrowserContext, Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { CHROMIUM } from "../browser/chromium.ts";
import { useFlows } from "../browser/flows.ts";

const MINUTE_MS = 60_000;

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

describe.skipIf(!CHROMIUM)("in a real browser", () => {
  const { stack, url, openWindow, signIn, isIn, person, shows, useProxy } = useFlows();

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
});
