import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { startStack } from "@meeshy/shared/testing/stack";
import type { BrowserContextOptions, Page } from "playwright-core";
import { io, type Socket } from "socket.io-client";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { signalAll, treeOf } from "../chaos/faults/process-tree.ts";
import { CHROMIUM, CHROMIUM_PLACES } from "./browser/chromium.ts";
import { usePage } from "./browser/page.ts";

if (!CHROMIUM)
  console.warn(`The console is not tested: there is no Chromium at ${CHROMIUM_PLACES.join(", ")}`);

describe.skipIf(!CHROMIUM)("the operators' console in a browser", () => {
  let nats: TestNats;
  let sockets: Socket[] = [];

  // Before those of the page, which end last to first.
  afterAll(() => nats?.stop());
  const { stack, url, openWindow } = usePage(async () => {
    // One that the launcher does not restart while it stands still.
    nats = await startNats();
    const env = { DISCONNECT_GRACE_MS: "500", NATS_URL: nats.url };
    return startStack({ args: ["--workers", "2"], env });
  });

  afterEach(() => {
    for (const socket of sockets) socket.close();
    sockets = [];
  });

  const openConsole = (hash = "", context: BrowserContextOptions = {}): Promise<Page> =>
    openWindow(`/console${hash}`, { context });

  async function paste(page: Page, token: string): Promise<void> {
    await page.getByLabel("Administrator's token").fill(` ${token}\n`);
    await page.getByRole("button", { name: "Sign in" }).click();
  }

  async function signIn(hash = "", options?: BrowserContextOptions): Promise<Page> {
    const page = await openConsole(hash, options);
    await paste(page, stack().token("admin"));
    await page.getByRole("navigation", { name: "Views" }).waitFor();
    return page;
  }

  async function connect(user: string): Promise<Socket> {
    const socket = io(url(), {
      auth: { token: stack().token(user), device: "test device" },
      transports: ["websocket"],
      reconnection: false,
    });
    sockets.push(socket);
    await new Promise((resolve, reject) => {
      socket.once("authenticated", resolve);
      socket.once("connect_error", reject);
    });
    return socket;
  }

  const row = (page: Page, userId: string) => page.locator(`tr[data-user-id="${userId}"]`);
  const health = (page: Page) => page.getByRole("banner").getByRole("status");

  it("refuses a user's token and one that is none, and says why", async () => {
    const page = await openConsole();
    await paste(page, stack().token("alice"));
    await page.getByRole("alert").getByText("belongs to a user, not to an administrator").waitFor();
    await paste(page, "nonsense");
    await page.getByRole("alert").getByText("not valid, or has expired").waitFor();
    await paste(page, stack().token("admin"));
    await page.getByRole("heading", { name: "People" }).waitFor();
  });

  it("keeps the session through a reload, in this tab alone, and forgets it at sign-out", async () => {
    const page = await signIn();
    await page.reload();
    await page.getByRole("heading", { name: "People" }).waitFor();
    const other = await page.context().newPage();
    await other.goto(page.url());
    await other.getByLabel("Administrator's token").waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.reload();
    await page.getByLabel("Administrator's token").waitFor();
  });

  it("shows a person come online, says why, and disconnects them when that is confirmed", async () => {
    const page = await signIn("#/people?q=bob");
    await row(page, "bob").getByText("offline").first().waitFor();
    const bob = await connect("bob");
    await row(page, "bob").getByText("online", { exact: true }).first().waitFor();
    await row(page, "bob").getByText("test device", { exact: true }).waitFor();

    await row(page, "bob").getByRole("link").click();
    await page.getByText(/Online, since .*: a device connected\. 1 connection is open\./).waitFor();
    await page.getByText(/becomes a zombie in \d+ min/).waitFor();
    const marks = page.getByRole("list", { name: /^Marks/ });
    await marks
      .getByRole("button", { name: /offline to online, a device connected/ })
      .last()
      .focus();
    await page.locator("figcaption").getByText("offline to online, a device connected").waitFor();

    await page.getByRole("button", { name: "Disconnect" }).click();
    const dialog = page.getByRole("dialog", { name: "Disconnect Bob?" });
    await dialog.getByText("Closes 1 connection").waitFor();
    await dialog.getByRole("button", { name: "Cancel" }).click();
    expect(bob.connected).toBe(true);

    const gone = new Promise((resolve) => bob.once("disconnect", resolve));
    await page.getByRole("button", { name: "Disconnect" }).click();
    await dialog.getByRole("button", { name: "Disconnect" }).click();
    await page.getByText("1 connection closed, Bob is offline.").waitFor();
    expect(await gone).toBe("io server disconnect");
    await page.getByText(/Offline, since .*: an administrator disconnected the person/).waitFor();
    await page.getByRole("table").getByText("an administrator disconnected the person").first().waitFor();

    await page.getByRole("link", { name: "← People" }).click();
    await row(page, "bob").waitFor();
    expect(await page.getByLabel("Name contains").inputValue()).toBe("bob");
  });

  it("cleans up when that is confirmed, and says how many were examined", async () => {
    const page = await signIn("#/processes");
    await page.getByRole("button", { name: "Clean up zombies" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Clean up zombies" }).click();
    await page.getByText(/\d+ (person|people) examined, (none|\d+) taken offline\./).waitFor();
  });

  it("shows transitions as they happen, of one user where that is asked for, and holds still when paused", async () => {
    const page = await signIn("#/live");
    await page.getByText("Connected: transitions appear here within seconds.").waitFor();
    await connect("alice");
    await row(page, "alice").first().waitFor();
    await page.getByLabel("User id contains").fill("carol");
    await connect("carol");
    await row(page, "carol").first().waitFor();
    expect(await row(page, "alice").count()).toBe(0);
    await page.getByRole("button", { name: "Pause" }).click();
    const rows = await row(page, "carol").count();
    sockets.at(-1)?.close();
    await page.getByText("Paused: 1 new row.").waitFor();
    expect(await row(page, "carol").count()).toBe(rows);
    await page.getByRole("button", { name: "Go on" }).click();
    await eventually(async () => (await row(page, "carol").count()) === rows + 1);
  });

  it("names a worker that stands still, marks what it does not process, and says that all is well again", async () => {
    const page = await signIn("#/processes");
    await health(page).getByText("All is well: 64 of 64 partitions are processed by 2 workers.").waitFor();
    expect(await page.locator("button[data-partition]").count()).toBe(64);
    const pid = stack().read().workers[0]?.pid ?? -1;
    process.kill(pid, "SIGSTOP");
    try {
      await health(page)
        .getByText(/Worker \S+ is silent since/)
        .waitFor();
      await page.locator('tr[data-silent="true"]').getByText("Silent").waitFor();
    } finally {
      process.kill(pid, "SIGCONT");
    }
    await health(page).getByText("All is well").waitFor();
  });

  /** A figure of the head: `Online`, `Connections`. */
  const figure = (page: Page, name: string) =>
    page.locator("dl > div", { hasText: name }).locator("dd").first().textContent();

  it("shows what is known, read-only, while NATS is away, and goes on by itself", async () => {
    await connect("alice");
    const page = await signIn("#/people?q=alice");
    await row(page, "alice").getByRole("link").click();
    await page.getByText(/1 connection is open\./).waitFor();
    await eventually(async () => (await figure(page, "Connections")) === "1");
    process.kill(nats.pid, "SIGSTOP");
    try {
      await health(page).getByText("Read-only: nothing can be changed").waitFor();
      await page
        .getByText(/Shown is what was known \d+ s ago/)
        .first()
        .waitFor();
      await page.getByText(/1 connection is open\./).waitFor();
      expect(await figure(page, "Connections")).toBe("1");
      await page.getByText("Not possible now:").first().waitFor();
      await page.getByRole("button", { name: "Disconnect" }).click({ force: true });
      expect(await page.getByRole("dialog").count()).toBe(0);
    } finally {
      process.kill(nats.pid, "SIGCONT");
    }
    await health(page).getByText("All is well").waitFor();
  });

  it("shows the people it knows while the database is away, and goes on by itself", async () => {
    const page = await signIn("#/people");
    await row(page, "dave").waitFor();
    const database = treeOf(stack().read().database.pid ?? -1);
    signalAll(database, "SIGSTOP");
    try {
      await health(page).getByText("The database cannot be reached now.").waitFor();
      await page
        .getByRole("main")
        .getByText(/Shown is what was known \d+ s ago/)
        .waitFor();
      expect(await row(page, "dave").count()).toBe(1);
    } finally {
      signalAll(database, "SIGCONT");
    }
    await health(page).getByText("All is well").waitFor();
    await page.getByRole("main").getByText("Shown is what was known").waitFor({ state: "detached" });
  });

  it.each(["#/people", "#/people/alice", "#/processes", "#/live"])(
    "fits a window 360 pixels wide, and scrolls down alone: %s",
    async (hash) => {
      const page = await signIn(hash, { viewport: { width: 360, height: 640 } });
      await page.getByRole("main").getByRole("heading").first().waitFor();
      await health(page).getByText("All is well").waitFor();
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
      await page.getByText("Reading…").waitFor({ state: "detached" });
      expect(await page.evaluate("(scrollTo(0, 9999), scrollY)")).toBeGreaterThan(0);
    },
  );
});
