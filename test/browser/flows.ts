import { startStack } from "@meeshy/shared/testing/stack";
import { startTcpProxy, type TcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import type { Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { CHROMIUM, CHROMIUM_PLACES } from "./chromium.ts";
import { usePage } from "./page.ts";

if (!CHROMIUM)
  console.warn(`The flows are not tested: there is no Chromium at ${CHROMIUM_PLACES.join(", ")}`);

export const JWT_SECRET = "a secret of the tests, long enough";
/**
 * Times cut down, and no further than a browser on a busy machine keeps up with: it answers pings late, and comes back
 * late. The page reports activity every 15 s at most.
 */
const TIMES = {
  ...{ DISCONNECT_GRACE_MS: "5000", OFFLINE_THRESHOLD_MS: "22000", ACTIVITY_THROTTLE_MS: "500" },
  ...{ PING_INTERVAL_MS: "1000", PING_TIMEOUT_MS: "5000" },
};

/** What people do with their browsers, and what happens to those (the ancestor's flows), on a stack with two workers. */
export function useFlows() {
  const page = usePage(() => startStack({ args: ["--workers", "2"], env: { ...TIMES, JWT_SECRET } }));
  const { url, signIn, shows } = page;

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

  return { ...page, useProxy, stayActive, record, recordPhases, carolComesAndLeaves };
}
