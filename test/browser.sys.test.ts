import { startStack } from "@meeshy/shared/testing/stack";
import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { CHROMIUM, CHROMIUM_PLACES } from "./browser/chromium.ts";
import { usePage } from "./browser/page.ts";

if (!CHROMIUM) console.warn(`The page is not tested: there is no Chromium at ${CHROMIUM_PLACES.join(", ")}`);

describe.skipIf(!CHROMIUM)("the page in a browser", () => {
  const { stack, url, openWindow, signIn, isIn, person, ownButton, openOwnMenu, shows } = usePage(() =>
    startStack({ env: { DISCONNECT_GRACE_MS: "500" } }),
  );

  it("shows two people in two windows each other come, go and come back", async () => {
    const alice = await signIn("alice");
    const bob = await signIn("bob");
    await Promise.all([shows(alice, "bob", "Online"), shows(bob, "alice", "Online")]);

    await bob.context().close();
    await shows(alice, "bob", "Left just now");

    await signIn("bob");
    await shows(alice, "bob", "Online");
  });

  it("shows a person who signs out as gone", async () => {
    const alice = await signIn("alice");
    const bob = await signIn("bob");
    await shows(alice, "bob", "Online");
    await openOwnMenu(bob);
    await bob.getByRole("button", { name: "Sign out" }).click();
    await shows(alice, "bob", "Left just now");
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
    process.kill(stack().read().gateways[0]?.pid ?? -1, "SIGKILL");
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
    await page.getByText("Use a token instead").click();
    await page.getByText("npm run -s token -- alice").waitFor();
    await page.getByLabel("Token").fill(` ${stack().token("alice")}\n`);
    await page.getByRole("button", { name: "Sign in" }).click();
    await isIn(page, "live");
    await ownButton(page, "Alice").waitFor();
  });

  it("asks for a token where no one is offered", async () => {
    const page = await openWindow("/?as=bob", {
      prepare: (context) => context.route("**/demo-people.json", (route) => route.fulfill({ status: 404 })),
    });
    await page.getByText("npm run -s token -- alice").waitFor();
    await page.getByRole("alert").filter({ hasText: "no demo person called bob" }).waitFor();
    await page.getByLabel("Token").fill(stack().token("bob"));
    await page.getByRole("button", { name: "Sign in" }).click();
    await isIn(page, "live");
  });

  it("says why a token is refused and what to do", async () => {
    const page = await openWindow("/?token=not-a-token");
    const alert = page.getByRole("alert").filter({ hasText: "This sign-in was not accepted" });
    await alert.waitFor();
    await isIn(page, "refused");
    await page.getByText("npm run -s token -- alice").waitFor();
  });

  it("is in French in a French browser, and in English when chosen", async () => {
    await signIn("bob");
    const alice = await signIn("alice", { context: { locale: "fr-FR" } });
    await shows(alice, "bob", "En ligne");
    await alice.getByRole("button", { name: "English" }).click();
    await alice.getByRole("heading", { name: "People" }).waitFor();
    await shows(alice, "bob", "Online");
  });

  it("fits a window 360 pixels wide: one column at a time, with a way back and the composer in view", async () => {
    const alice = await signIn("alice", { context: { viewport: { width: 360, height: 640 } } });
    const fits = async () => expect(await alice.evaluate("document.documentElement.scrollWidth")).toBe(360);
    const log = alice.getByRole("log");
    const composer = alice.getByLabel("Message", { exact: true });
    await alice.getByRole("heading", { name: "Conversations" }).waitFor();
    expect(await log.isVisible()).toBe(false);
    await fits();

    await alice.getByRole("link", { name: "General" }).click();
    await log.locator("article").first().waitFor();
    const box = await composer.boundingBox();
    expect((box?.y ?? 640) + (box?.height ?? 0)).toBeLessThanOrEqual(640);
    expect(await alice.getByRole("heading", { name: "Conversations" }).isVisible()).toBe(false);
    await fits();

    await alice.getByRole("link", { name: "People" }).click();
    await person(alice, "bob").waitFor();
    expect(await composer.isVisible()).toBe(false);
    await fits();

    await alice.getByRole("link", { name: "Messages" }).click();
    await log.focus();
    expect(await alice.evaluate("document.activeElement?.getAttribute('role')")).toBe("log");
    await alice.goBack();
    await person(alice, "bob").waitFor();
    await alice.goBack();
    await alice.getByRole("link", { name: "Conversations" }).click();
    await alice.getByRole("link", { name: "General" }).waitFor();
  });

  it("signs in by a button, as a person of the demo, in each window as another one", async () => {
    const alice = await openWindow("/");
    await alice.getByText("open a second window as someone else").waitFor();
    await alice.getByRole("button", { name: "Continue as Alice" }).click();
    await isIn(alice, "live");
    await ownButton(alice, "Alice").waitFor();

    const bob = await openWindow("/?as=bob");
    await isIn(bob, "live");
    expect(bob.url()).toBe(`${url()}/`);
    await Promise.all([shows(alice, "bob", "Online"), shows(bob, "alice", "Online")]);
  });

  it("signs in the demo's guest, by a button or by an address, and marks who is one", async () => {
    const alice = await signIn("alice");
    const guest = await openWindow("/");
    await guest.getByRole("button", { name: "Continue as guest" }).click();
    await isIn(guest, "live");
    await shows(alice, "anon_demo", "Online");
    await person(alice, "anon_demo").getByText("Guest", { exact: true }).waitFor();
    await guest.getByLabel("Message", { exact: true }).fill("Hello from outside");
    await guest.getByRole("button", { name: "Send" }).click();
    await alice.getByRole("log").getByText("Hello from outside").waitFor();
    await guest.close();
    const again = await openWindow("/?session=demo-session-token");
    await isIn(again, "live");
    expect(again.url()).not.toContain("session");
  });

  it("changes what others see by the menu of one's own status, and takes it back", async () => {
    const alice = await signIn("alice");
    const bob = await signIn("bob");
    await shows(alice, "bob", "Online");
    await openOwnMenu(bob);
    await bob.getByText("Do not disturb", { exact: true }).click();
    await person(alice, "bob").getByText("Do not disturb").waitFor();

    await bob.getByLabel("Status text").fill("Writing the release");
    await bob.getByLabel("Clear after").selectOption("30 minutes");
    await bob.getByRole("button", { name: "Save" }).click();
    await person(alice, "bob").getByText("Writing the release").waitFor();
    await bob.getByText(/^This status ends by itself at \d\d:\d\d/).waitFor();
    await person(alice, "bob").getByRole("link").click();
    await alice
      .getByRole("definition")
      .filter({ hasText: /^(\S+ )?\d\d:\d\d$/ })
      .first()
      .waitFor();
    await alice.getByRole("link", { name: "All people" }).click();

    await bob.getByRole("button", { name: "Clear text" }).click();
    await bob.getByText("Available", { exact: true }).first().click();
    await shows(alice, "bob", "Online");
  });

  it("shows an invisible person as gone to others, and as invisible to themselves", async () => {
    const alice = await signIn("alice");
    const bob = await signIn("bob", { context: { viewport: { width: 360, height: 640 } } });
    await shows(alice, "bob", "Online");
    await openOwnMenu(bob);
    await bob.getByText("Invisible", { exact: true }).first().click();
    await shows(alice, "bob", "Left just now");
    await bob.getByRole("button", { name: "Bob your status: Invisible" }).waitFor();
    await bob.reload();
    await isIn(bob, "live");
    await ownButton(bob, "Bob").getByText("Invisible", { exact: true }).last().waitFor();

    await openOwnMenu(bob);
    await bob.getByText("Available", { exact: true }).first().click();
    await shows(alice, "bob", "Online");
  });

  it("hides who is blocked and shows them again, and who hides their status", async () => {
    const alice = await signIn("alice");
    const bob = await signIn("bob");
    await shows(alice, "bob", "Online");
    await person(alice, "bob").getByRole("link").click();
    await alice.getByRole("button", { name: "Block Bob", exact: true }).click();
    await alice.getByText("You blocked this person.").waitFor();
    await alice.getByRole("link", { name: "All people" }).click();
    await person(alice, "bob").locator("[data-status=offline], [data-status=away]").first().waitFor();
    await person(alice, "bob").getByRole("link").click();
    await alice.getByRole("button", { name: "Unblock Bob" }).click();
    await alice.getByRole("link", { name: "All people" }).click();
    await shows(alice, "bob", "Online");

    await openOwnMenu(bob);
    await bob.getByText("Others see: Online").waitFor();
    await bob.getByRole("switch", { name: "Show when I am online" }).click();
    await bob.getByText("Others see: Offline").waitFor();
    await person(alice, "bob").locator("[data-status=offline], [data-status=away]").first().waitFor();
    await bob.getByRole("switch", { name: "Show when I am online" }).click();
    await shows(alice, "bob", "Online");
  });

  it("knows on each device whom the person has blocked, a guest too, whichever device it was done on", async () => {
    const [phone, desk] = [await signIn("alice"), await signIn("alice")];
    await signIn("bob");
    await openWindow("/?session=demo-session-token");
    const block = async (page: Page, userId: string, name: string) => {
      await person(page, userId).getByRole("link").click();
      await page.getByRole("button", { name: `Block ${name}`, exact: true }).click();
      await page.getByText("You blocked this person.").waitFor();
      await page.getByRole("link", { name: "All people" }).click();
    };
    await Promise.all([shows(desk, "bob", "Online"), shows(desk, "anon_demo", "Online")]);
    await person(desk, "bob").getByRole("link").click();
    await desk.getByRole("button", { name: "Block Bob", exact: true }).waitFor();
    await block(phone, "bob", "Bob");
    // Bob leaves before the desk's eyes, and the desk says why.
    await desk.getByRole("button", { name: "Unblock Bob" }).waitFor();
    await block(phone, "anon_demo", "guest");

    await openOwnMenu(desk);
    await desk.getByRole("heading", { name: "Blocked" }).waitFor();
    await desk.getByRole("dialog").getByRole("button", { name: "Unblock guest" }).click();
    await desk.getByRole("dialog").getByRole("button", { name: "Unblock Bob" }).click();
    await desk.getByRole("heading", { name: "Blocked" }).waitFor({ state: "detached" });
    await Promise.all([shows(phone, "bob", "Online"), shows(phone, "anon_demo", "Online")]);
    await desk.keyboard.press("Escape");
    await desk.getByRole("button", { name: "Block Bob", exact: true }).waitFor();
  });

  it("works in a browser that keeps nothing", async () => {
    const bob = await signIn("bob");
    const alice = await openWindow("/?as=alice", {
      prepare: (context) =>
        context.addInitScript(() => {
          const get = () => {
            throw new DOMException("denied", "SecurityError");
          };
          for (const name of ["localStorage", "sessionStorage"])
            Object.defineProperty(globalThis, name, { get });
        }),
    });
    await isIn(alice, "live");
    await shows(bob, "alice", "Online");
    await alice.getByLabel("Message", { exact: true }).fill("From a private window");
    await alice.getByRole("button", { name: "Send" }).click();
    await bob.getByRole("log").getByText("From a private window").waitFor();
    await alice.getByRole("button", { name: "Français" }).click();
    await alice.getByRole("heading", { name: "Personnes" }).waitFor();
  });

  it("keeps a draft through another conversation and a reload", async () => {
    const alice = await signIn("alice");
    const composer = alice.getByLabel("Message", { exact: true });
    await composer.fill("Half a thought");
    await alice.getByRole("link", { name: "Project" }).click();
    await alice.getByRole("heading", { name: "Project" }).waitFor();
    expect(await composer.inputValue()).toBe("");
    await alice.goBack();
    await alice.getByRole("heading", { name: "General" }).waitFor();
    expect(await composer.inputValue()).toBe("Half a thought");
    await alice.reload();
    await isIn(alice, "live");
    await alice.getByRole("log").waitFor();
    expect(await composer.inputValue()).toBe("Half a thought");
  });

  it("shows who types until their message comes", async () => {
    const alice = await signIn("alice");
    const bob = await signIn("bob");
    await shows(alice, "bob", "Online");
    await bob.getByLabel("Message", { exact: true }).pressSequentially("On my way");
    await alice.getByText("Bob is typing…").waitFor();
    expect(await bob.getByText("is typing…").count()).toBe(0);
    await bob.getByRole("button", { name: "Send" }).click();
    await alice.getByRole("log").getByText("On my way", { exact: true }).waitFor();
    await alice.getByText("Bob is typing…").waitFor({ state: "detached" });
  });

  it("marks what is unread until it is opened", async () => {
    const alice = await signIn("alice");
    const bob = await signIn("bob");
    await bob.getByRole("link", { name: "Project" }).click();
    await bob.getByLabel("Message", { exact: true }).fill("Reviewed.");
    await bob.getByRole("button", { name: "Send" }).click();
    await alice.getByRole("link", { name: /Project.*1 unread/ }).click();
    await alice.getByRole("log").getByText("Reviewed.").waitFor();
    await alice.getByText("1 unread").waitFor({ state: "detached" });
  });

  it("sends by itself, once, what was written without a connection", async () => {
    const alice = await signIn("alice");
    const bob = await signIn("bob");
    await shows(alice, "bob", "Online");
    process.kill(stack().read().gateways[0]?.pid ?? -1, "SIGKILL");
    await isIn(alice, "connecting");
    await alice.getByLabel("Message", { exact: true }).fill("Written in the dark");
    await alice.getByRole("button", { name: "Send" }).click();
    await alice.getByRole("log").getByText("Written in the dark").waitFor();
    await isIn(alice, "live");
    await bob.getByRole("log").getByText("Written in the dark").waitFor();
    await alice.locator("[data-state]").first().waitFor({ state: "detached" });
    expect(await alice.getByRole("log").getByText("Written in the dark").count()).toBe(1);
    expect(await alice.getByText("Not sent.").count()).toBe(0);
  });

  it("says in plain words that an address leads nowhere, with a way back", async () => {
    const page = await openWindow("/no/such/page", { context: { locale: "fr-FR" } });
    await page.getByRole("heading", { name: "Cette page n’existe pas" }).waitFor();
    await page.getByRole("link", { name: "Aller aux conversations" }).click();
    await page.getByRole("button", { name: "Continuer comme Alice" }).waitFor();
  });
});
