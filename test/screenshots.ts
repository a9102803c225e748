/**
 * Pictures of the page in its main states, by hand: `node test/screenshots.ts [directory]` (CONTRIBUTING). Starts a stack
 * of its own, signs people in, and writes a PNG for each state, in light and dark, on a desk and on a phone, in English
 * and French.
 */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { startStack } from "@meeshy/shared/testing/stack";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { ensureWebBuild } from "../bin/launcher/web-build.ts";
import { CHROMIUM, CHROMIUM_ARGS } from "./browser/chromium.ts";

const SIZES = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 360, height: 720 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
} satisfies Record<string, BrowserContextOptions>;
type Size = keyof typeof SIZES;

const LOCALES = { en: "en-GB", fr: "fr-FR" };
const WORDS = {
  en: { as: "Continue as Alice", own: /your status/, project: "Project", general: "General" },
  fr: { as: "Continuer comme Alice", own: /votre statut/, project: "Project", general: "General" },
};

interface Shoot {
  browser: Browser;
  url: string;
  directory: string;
}

/** One person in one window, through all states. */
async function shoot(
  { browser, url, directory }: Shoot,
  { size, scheme, language }: { size: Size; scheme: "light" | "dark"; language: keyof typeof LOCALES },
): Promise<void> {
  const words = WORDS[language];
  const context = await browser.newContext({
    ...SIZES[size],
    locale: LOCALES[language],
    colorScheme: scheme,
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const picture = async (state: string) => {
    await page.screenshot({ path: join(directory, `${state}-${size}-${scheme}-${language}.png`) });
  };
  await page.goto(url);
  await page.getByRole("button", { name: words.as }).waitFor();
  await picture("sign-in");
  await page.getByRole("button", { name: words.as }).click();
  await page.locator('[data-phase="live"]').waitFor();
  await page.locator("time").first().waitFor({ state: "attached" });
  if (size === "phone") await picture("conversations");
  await openConversation(page, words.general);
  await picture("chat");
  await page.goto(`${url}/#/general/people`);
  await page.locator('[data-user-id="bob"]').waitFor();
  if (size === "phone") await picture("people");
  await page.locator('[data-user-id="bob"] a').click();
  await page.locator("#profile").waitFor();
  await picture("profile");
  await page.goto(`${url}/#/project`);
  await page.getByRole("log").locator("article").first().waitFor();
  await picture("one-to-one");
  await page.getByRole("button", { name: words.own }).click();
  await page.locator(":popover-open").waitFor();
  await page.locator("input[role=switch]:enabled").first().waitFor();
  await picture("own-menu");
  await page.goto(`${url}/no/such/page`);
  await page.locator("#lost").waitFor();
  await picture("not-found");
  await context.close();
}

async function openConversation(page: Page, title: string): Promise<void> {
  await page.getByRole("link", { name: title }).click();
  await page.getByRole("log").locator("article").first().waitFor();
}

/** Others who are there, and something to read. */
async function fill({ browser, url }: Shoot): Promise<void> {
  const bob = await (await browser.newContext({ locale: "en-GB", userAgent: "Firefox/1 Windows" })).newPage();
  await bob.goto(`${url}/?as=bob`);
  await openConversation(bob, "General");
  for (const text of [
    "The new status menu is on staging.",
    "Try “Do not disturb”, then look at it from a second window. It should change at once, without a reload.",
  ]) {
    await bob.getByLabel("Message", { exact: true }).fill(text);
    await bob.getByRole("button", { name: "Send" }).click();
  }
  await bob.getByRole("button", { name: /your status/ }).click();
  await bob.getByText("Busy", { exact: true }).click();
  await bob.getByLabel("Status text").fill("In a meeting");
  await bob.getByRole("button", { name: "Save" }).click();
  await bob.getByText(/^This status ends by itself/).waitFor();
  const carol = await (await browser.newContext({ locale: "en-GB" })).newPage();
  await carol.goto(`${url}/?as=carol`);
  await openConversation(carol, "General");
  await carol.getByLabel("Message", { exact: true }).fill("On it. Looks right on my phone too.");
  await carol.getByRole("button", { name: "Send" }).click();
  await carol.getByRole("log").getByText("On it.").waitFor();
  await bob.getByRole("log").getByText("On it.").waitFor();
  await carol.context().close();
}

async function main(): Promise<void> {
  if (CHROMIUM === undefined) throw new Error("there is no Chromium");
  const directory = resolve(process.argv[2] ?? ".cache/screenshots");
  await mkdir(directory, { recursive: true });
  await ensureWebBuild();
  const stack = await startStack();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_ARGS });
  try {
    const shooting = { browser, url: stack.urls[0] ?? "", directory };
    await fill(shooting);
    for (const size of ["desktop", "phone"] as const)
      for (const scheme of ["light", "dark"] as const)
        for (const language of ["en", "fr"] as const) await shoot(shooting, { size, scheme, language });
    console.log(directory);
  } finally {
    await browser.close();
    await stack.stop();
  }
}

await main();
