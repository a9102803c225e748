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

const [FIRST, ...OTHERS] = SCHEMES;

/** Every rule of axe: those of WCAG 2.2 A and AA, and what it calls best practice; of the other colours, that of contrast. */
async function violationsOf(page: Page): Promise<string[]> {
  // Not by a script element, which the page's security policy would refuse.
  await page.evaluate(axe.source);
  const found = await run(page, {});
  for (const colorScheme of OTHERS) {
    await page.emulateMedia({ colorScheme });
    found.push(
      ...(await run(page, { runOnly: ["color-contrast"] })).map((text) => `${colorScheme}: ${text}`),
    );
  }
  await page.emulateMedia({ colorScheme: FIRST });
  return found;
}

async function run(page: Page, options: axe.RunOptions): Promise<string[]> {
  const { violations } = await page.evaluate(
    (given) =>
      (globalThis as unknown as { axe: typeof axe }).axe.run({ resultTypes: ["violations"], ...given }),
    options,
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help} – ${target.join(" ")}: ${failureSummary}`),
  );
}

describe.skipIf(!CHROMIUM)("axe finds nothing in any state, light or dark", () => {
  const { stack, url, openWindow } = usePage(() => startStack());

  beforeEach(async () => {
    await openConversation(await openWindow("/?as=bob"), "General");
  });

  /** What axe finds, by state; states in which it finds nothing are left out, all of them are counted. */
  async function look(
    size: Size,
    walk: (page: Page, onState: (state: string) => Promise<void>) => Promise<void>,
  ) {
    const page = await openWindow("/", { context: windowOf(size, FIRST) });
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
    it("the page", async () => {
      const { states, found } = await look(size, (page, onState) =>
        walkThroughPage(page, url(), { size }, onState),
      );
      expect(found).toEqual({});
      expect(states).toBe(size === "phone" ? 9 : 7);
    });

    it("the console", async () => {
      const { states, found } = await look(size, (page, onState) =>
        walkThroughConsole(page, url(), stack().token("admin"), onState),
      );
      expect(found).toEqual({});
      expect(states).toBe(6);
    });
  });
});
