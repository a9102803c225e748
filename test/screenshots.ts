/**
 * Pictures of the page in its main states, by hand: `node test/screenshots.ts [directory]` (CONTRIBUTING). Starts a stack
 * of its own, signs people in, and writes a PNG for each state, in light and dark, on a desk and on a phone, in English
 * and French.
 */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { startStack } from "@meeshy/shared/testing/stack";
import { type Browser, chromium } from "playwright-core";
import { ensureWebBuild } from "../bin/launcher/web-build.ts";
import { CHROMIUM, CHROMIUM_ARGS } from "./browser/chromium.ts";
import {
  type Language,
  openConversation,
  SCHEMES,
  type Size,
  walkThroughPage,
  windowOf,
} from "./browser/states.ts";

interface Shoot {
  browser: Browser;
  url: string;
  directory: string;
}

/** One person in one window, through all states. */
async function shoot(
  { browser, url, directory }: Shoot,
  { size, scheme, language }: { size: Size; scheme: (typeof SCHEMES)[number]; language: Language },
): Promise<void> {
  const context = await browser.newContext(windowOf(size, scheme, language));
  const page = await context.newPage();
  await walkThroughPage(page, url, { size, language }, async (state) => {
    await page.screenshot({ path: join(directory, `${state}-${size}-${scheme}-${language}.png`) });
  });
  await context.close();
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
      for (const scheme of SCHEMES)
        for (const language of ["en", "fr"] as const) await shoot(shooting, { size, scheme, language });
    console.log(directory);
  } finally {
    await browser.close();
    await stack.stop();
  }
}

await main();
