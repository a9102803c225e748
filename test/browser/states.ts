import type { BrowserContextOptions, Page } from "playwright-core";

export const SIZES = {
  desktop: { viewport: { width: 1280, height: 800 } },
  phone: { viewport: { width: 360, height: 720 }, isMobile: true, hasTouch: true, deviceScaleFactor: 2 },
} satisfies Record<string, BrowserContextOptions>;
export type Size = keyof typeof SIZES;

export const SCHEMES = ["light", "dark"] as const;

const WORDS = {
  en: { locale: "en-GB", as: "Continue as Alice", own: /your status/, block: "Block Bob" },
  fr: { locale: "fr-FR", as: "Continuer comme Alice", own: /votre statut/, block: "Bloquer Bob" },
};
export type Language = keyof typeof WORDS;

/** A window of this size and look, in which nothing moves. */
export const windowOf = (
  size: Size,
  colorScheme: (typeof SCHEMES)[number],
  language: Language = "en",
): BrowserContextOptions => ({
  ...SIZES[size],
  locale: WORDS[language].locale,
  colorScheme,
  reducedMotion: "reduce",
});

/** Called in each state, by its name. */
type OnState = (state: string) => Promise<void>;

/** Alice in one window, through all main states of the page of the demo. */
export async function walkThroughPage(
  page: Page,
  url: string,
  { size, language = "en" }: { size: Size; language?: Language },
  onState: OnState,
): Promise<void> {
  const words = WORDS[language];
  await page.goto(url);
  await page.getByRole("button", { name: words.as }).waitFor();
  await onState("sign-in");
  await page.getByRole("button", { name: words.as }).click();
  await page.locator('[data-phase="live"]').waitFor();
  await page.locator("time").first().waitFor({ state: "attached" });
  if (size === "phone") await onState("conversations");
  await openConversation(page, "General");
  await onState("chat");
  await page.goto(`${url}/#/general/people`);
  await page.locator('[data-user-id="bob"]').waitFor();
  if (size === "phone") await onState("people");
  await page.locator('[data-user-id="bob"] a').click();
  await page.getByRole("button", { name: words.block }).waitFor();
  await onState("profile");
  await page.goto(`${url}/#/project`);
  await page.getByRole("log").locator("article").first().waitFor();
  await onState("one-to-one");
  await page.getByRole("button", { name: words.own }).click();
  await page.locator(":popover-open").waitFor();
  await page.locator("input[role=switch]:enabled").first().waitFor();
  await onState("own-menu");
  await page.goto(`${url}/?token=nonsense`);
  await page.locator("#notice").waitFor();
  await onState("refused");
  await page.goto(`${url}/no/such/page`);
  await page.locator("#lost").waitFor();
  await onState("not-found");
}

export async function openConversation(page: Page, title: string): Promise<void> {
  await page.getByRole("link", { name: title }).click();
  await page.getByRole("log").locator("article").first().waitFor();
}

/** An administrator through the views of the console. */
export async function walkThroughConsole(
  page: Page,
  url: string,
  token: string,
  onState: OnState,
): Promise<void> {
  await page.goto(`${url}/console`);
  await page.getByLabel("Administrator's token").waitFor();
  await onState("console sign-in");
  await page.getByLabel("Administrator's token").fill(token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.locator('tr[data-user-id="bob"]').waitFor();
  await onState("console people");
  await page.locator('tr[data-user-id="bob"]').getByRole("link").click();
  await page.getByRole("heading", { name: "bob" }).first().waitFor();
  await page.getByRole("row").nth(1).waitFor();
  await onState("console person");
  await page.getByRole("button", { name: "Disconnect" }).click();
  await page.getByRole("dialog").waitFor();
  await onState("console confirmation");
  await page.goto(`${url}/console#/processes`);
  await page.reload();
  await page.locator("#partitions").waitFor();
  await page.locator("[data-partition]").first().waitFor();
  await onState("console processes");
  await page.goto(`${url}/console#/live`);
  await page.locator("#live").waitFor();
  await onState("console live");
}
