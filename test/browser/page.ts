import type { RunningStack } from "@meeshy/shared/testing/stack";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { CHROMIUM, CHROMIUM_ARGS } from "./chromium.ts";

/** The dots of people, by the word beside them. */
const COLORS = {
  Online: "#10b981",
  "En ligne": "#10b981",
  "Left just now": "#f59e0b",
  Away: "#f59e0b",
} as const;

const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ ...(CHROMIUM ? { executablePath: CHROMIUM } : {}), args: CHROMIUM_ARGS });

/** What a window may differ in. */
export interface WindowOptions {
  /** address of the gateway; by default the stack's */
  origin?: string;
  context?: BrowserContextOptions;
  prepare?: (context: BrowserContext) => Promise<unknown>;
}

/**
 * The page of a stack in a real browser, for a suite of tests. After each test all windows are closed, and it is asserted
 * that no page threw, broke the content security policy or asked another host.
 */
export function usePage(start: () => Promise<RunningStack>) {
  let stack: RunningStack;
  let browser: Browser;
  let misdeeds: string[] = [];

  beforeAll(async () => {
    stack = await start();
    browser = await launchBrowser();
  });
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    const found = misdeeds;
    misdeeds = [];
    expect(found).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    await stack?.stop();
  });

  const url = () => stack.urls[0] ?? "";
  async function openWindow(
    path: string,
    { origin = url(), context: options, prepare = async () => {} }: WindowOptions = {},
  ): Promise<Page> {
    const context = await browser.newContext({ locale: "en-GB", ...options });
    // What is promised within 30 s is waited for.
    context.setDefaultTimeout(60_000);
    await prepare(context);
    const page = await context.newPage();
    page.on("pageerror", (error) => misdeeds.push(String(error)));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) misdeeds.push(message.text());
    });
    page.on("request", (request) => {
      if (new URL(request.url()).host !== new URL(origin).host) misdeeds.push(request.url());
    });
    await page.goto(new URL(path, origin).href);
    return page;
  }

  const isIn = (page: Page, phase: string) => page.locator(`[data-phase="${phase}"]`).waitFor();
  async function signIn(user: string, options?: WindowOptions): Promise<Page> {
    const page = await openWindow(`/?token=${stack.token(user)}`, options);
    await isIn(page, "live");
    return page;
  }

  const person = (page: Page, userId: string) => page.locator(`[data-user-id="${userId}"]`);
  return {
    stack: () => stack,
    url,
    openWindow,
    signIn,
    isIn,
    person,
    ownButton: (page: Page, name: string) => page.getByRole("button", { name: `${name} your status:` }),
    async openOwnMenu(page: Page): Promise<void> {
      await page.getByRole("button", { name: /your status/ }).click();
      await page.getByRole("dialog", { name: "Your status" }).waitFor();
    },
    /** Waits until the page shows the person with this label, and then for the dot of that colour. */
    async shows(page: Page, userId: string, label: keyof typeof COLORS): Promise<void> {
      await person(page, userId).getByText(label, { exact: true }).waitFor();
      await person(page, userId).locator(`[fill="${COLORS[label]}"]`).waitFor();
    },
  };
}
