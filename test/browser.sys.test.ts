import { existsSync } from "node:fs";
import { type RunningStack, startStack } from "@meeshy/shared/testing/stack";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";

const BROWSERS = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];
const executablePath = BROWSERS.find(existsSync);
if (!executablePath) console.warn(`The page is not tested: there is no Chromium at ${BROWSERS.join(", ")}`);

const GRACE_MS = 500;
const COLORS = { Online: "#10b981", "En ligne": "#10b981", Away: "#f59e0b" } as const;

describe.skipIf(!executablePath)("the page in a browser", () => {
  let stack: RunningStack;
  let browser: Browser;
  /** What no page may do: throw, break the content security policy, ask another host. */
  let misdeeds: string[] = [];

  beforeAll(async () => {
    stack = await startStack({ env: { DISCONNECT_GRACE_MS: String(GRACE_MS) } });
    browser = await chromium.launch({
      ...(executablePath ? { executablePath } : {}),
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
    });
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

  async function openWindow(path: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ locale: "en-GB", ...options });
    const page = await context.newPage();
    const { origin, host } = new URL(url());
    page.on("pageerror", (error) => misdeeds.push(String(error)));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) misdeeds.push(message.text());
    });
    page.on("request", (request) => {
      if (new URL(request.url()).host !== host) misdeeds.push(request.url());
    });
    await page.goto(new URL(path, origin).href);
    return page;
  }

  const url = () => stack.urls[0] ?? "";

  async function signIn(user: string, options?: BrowserContextOptions): Promise<Page> {
    const page = await openWindow(`/?token=${stack.token(user)}`, options);
    await isIn(page, "live");
    return page;
  }

  const isIn = (page: Page, phase: string) => page.locator(`[data-phase="${phase}"]`).waitFor();

  const person = (page: Page, userId: string) => page.locator(`[data-user-id="${userId}"]`);

  /** Waits until the page shows the person with this label, and then for the dot of that colour. */
  async function shows(page: Page, userId: string, label: keyof typeof COLORS): Promise<void> {
    await person(page, userId).getByText(label, { exact: true }).waitFor();
    await person(page, userId).locator(`[fill="${COLORS[label]}"]`).waitFor();
  }

  it("shows two people in two windows each other come, go and come back", async () => {
    const alice = await signIn("alice");
    const bob = await signIn("bob");
    await Promise.all([shows(alice, "bob", "Online"), shows(bob, "alice", "Online")]);

    await bob.context().close();
    await shows(alice, "bob", "Away");
    await person(alice, "bob").getByText("Last seen just now").waitFor();

    await signIn("bob");
    await shows(alice, "bob", "Online");
  });

  it("shows a person who signs out as gone", async () => {
    const alice = await signIn("alice");
    const bob = await signIn("bob");
    await shows(alice, "bob", "Online");
    await bob.getByRole("button", { name: "Sign out" }).click();
    await shows(alice, "bob", "Away");
    await bob.getByRole("heading", { name: "Sign in to the demo" }).waitFor();
  });

  it("brings a message from one window to the other", async () => {
    const alice = await signIn("alice");
    const bob = await signIn("bob");
    const text = "Lunch at noon? <b>Yes</b> & no.";
    await alice.getByLabel("Message", { exact: true }).fill(text);
    await alice.getByRole("button", { name: "Send" }).click();
    await bob.getByRole("log").getByText(text).waitFor();
    await alice.getByRole("log").getByText(text).waitFor();
    expect(await alice.getByLabel("Message", { exact: true }).inputValue()).toBe("");

    await bob.reload();
    await bob.getByRole("log").getByText(text).waitFor();
  });

  it("comes back by itself when the gateway dies", async () => {
    const alice = await signIn("alice");
    await signIn("bob");
    await shows(alice, "bob", "Online");
    process.kill(stack.read().gateways[0]?.pid ?? -1, "SIGKILL");
    await isIn(alice, "connecting");
    await isIn(alice, "live");
    await shows(alice, "bob", "Online");
  });

  it("keeps the token out of the address bar, and in the window through a reload", async () => {
    const alice = await signIn("alice");
    expect(alice.url()).toBe(`${url()}/`);
    await alice.reload();
    await isIn(alice, "live");
  });

  it("takes a token that is pasted", async () => {
    const page = await openWindow("/");
    await page.getByText("npm run -s token -- alice").waitFor();
    await page.getByLabel("Token").fill(` ${stack.token("alice")}\n`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await isIn(page, "live");
    await page.getByText("alice", { exact: true }).waitFor();
  });

  it("says why a token is refused and what to do", async () => {
    const page = await openWindow("/?token=not-a-token");
    const alert = page.getByRole("alert").filter({ hasText: "This token was not accepted" });
    await alert.waitFor();
    await isIn(page, "refused");
    await page.getByText("npm run -s token -- alice").waitFor();
  });

  it("is in French in a French browser, and in English when chosen", async () => {
    await signIn("bob");
    const alice = await signIn("alice", { locale: "fr-FR" });
    await shows(alice, "bob", "En ligne");
    await alice.getByRole("button", { name: "English" }).click();
    await alice.getByRole("heading", { name: "People" }).waitFor();
    await shows(alice, "bob", "Online");
  });

  it("fits a window 360 pixels wide", async () => {
    const alice = await signIn("alice", { viewport: { width: 360, height: 640 } });
    await alice.getByRole("log").locator("article").first().waitFor();
    expect(await alice.evaluate("document.documentElement.scrollWidth")).toBe(360);
  });
});
