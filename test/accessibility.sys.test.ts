import { startStack } from "@meeshy/shared/testing/stack";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { beforeEach, describe, expect, it } from "vitest";
import { CHROMIUM, CHROMIUM_PLACES } from "./browser/chromium.ts";
import { usePage } from "./browser/page.ts";
import {
  openConversation,
  SCHEMES,
  type Size,
  walkThroughConsole,
  walkThroughPage,
  windowOf,
} from "./browser/states.ts";

if (!CHROMIUM)
  console.warn(`Accessibility is not tested: there is no Chromium at ${CHROMIUM_PLACES.join(", ")}`);

/** Every rule of axe: those of WCAG 2.2 A and AA, and what it calls best practice. */
async function violationsOf(page: Page): Promise<string[]> {
  // Not by a script element, which the page's security policy would refuse.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof axe }).axe.run({ resultTypes: ["violations"] }),
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help} – ${target.join(" ")}: ${failureSummary}`),
  );
}

describe.skipIf(!CHROMIUM)("axe finds nothing in any state", () => {
  const { stack, url, openWindow } = usePage(() => startStack());

  beforeEach(async () => {
    await openConversation(await openWindow("/?as=bob"), "General");
  });

  /** What axe finds, by state; states in which it finds nothing are left out, all of them are counted. */
  async function look(
    size: Size,
    scheme: (typeof SCHEMES)[number],
    walk: (page: Page, onState: (state: string) => Promise<void>) => Promise<void>,
  ) {
    const page = await openWindow("/", { context: windowOf(size, scheme) });
    const found: Record<string, string[]> = {};
    let states = 0;
    await walk(page, async (state) => {
      states++;
      const violations = await violationsOf(page);
      if (violations.length > 0) found[state] = violations;
    });
    return { states, found };
  }

  describe.each(["desktop", "phone"] as const)("%s", (size) => {
    it.each(SCHEMES)("%s: the page", async (scheme) => {
      const { states, found } = await look(size, scheme, (page, onState) =>
        walkThroughPage(page, url(), { size }, onState),
      );
      expect(found).toEqual({});
      expect(states).toBe(size === "phone" ? 9 : 7);
    });

    it.each(SCHEMES)("%s: the console", async (scheme) => {
      const { states, found } = await look(size, scheme, (page, onState) =>
        walkThroughConsole(page, url(), stack().token("admin"), onState),
      );
      expect(found).toEqual({});
      expect(states).toBe(6);
    });
  });
});
