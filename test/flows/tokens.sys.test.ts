import { demoToken } from "@meeshy/shared/servers/demo-token";
import pg from "pg";
import { describe, expect, it } from "vitest";
import { CHROMIUM } from "../browser/chromium.ts";
import { JWT_SECRET, useFlows } from "../browser/flows.ts";

describe.skipIf(!CHROMIUM)("in a real browser", () => {
  const { stack, openWindow, signIn, isIn, shows, stayActive, record, recordPhases, carolComesAndLeaves } =
    useFlows();

  const shortToken = (seconds: number) =>
    demoToken({ id: "alice", username: "alice", role: "USER" }, JWT_SECRET, new Date(), seconds);

  it("a token that expires ends the sign-in, and the page says so, and what to do", async () => {
    const alice = await openWindow("/");
    // From now on it runs out: a page that loads slowly shall not find it over.
    await alice.getByLabel("Token").fill(shortToken(8));
    await alice.getByRole("button", { name: "Sign in", exact: true }).click();
    await isIn(alice, "live");
    await alice.getByRole("alert").filter({ hasText: "Your sign-in has expired" }).waitFor();
    await alice.getByText("npm run -s token -- alice").waitFor();
    await alice.getByLabel("Token").fill(stack().token("alice"));
    await alice.getByRole("button", { name: "Sign in" }).click();
    await isIn(alice, "live");
  });

  it("a page that can ask for new tokens outlives one after the other, and shows nothing of it to anyone", async () => {
    const bob = await signIn("bob");
    let given = 0;
    const alice = await openWindow("/?as=alice", {
      prepare: (context) =>
        context.route("**/demo-people.json", (route) => {
          given++;
          return route.fulfill({ json: { people: [{ id: "alice", name: "Alice", token: shortToken(20) }] } });
        }),
    });
    stayActive(alice);
    await isIn(alice, "live");
    await shows(bob, "alice", "Online");
    const [ownNews, othersNews] = [await recordPhases(alice), await record(bob, "alice")];
    const before = given;
    // The second one is asked for when the first has run out long ago.
    await expect.poll(() => given, { timeout: 60_000 }).toBeGreaterThanOrEqual(before + 2);
    await carolComesAndLeaves(bob);
    expect(await ownNews()).toEqual(["live"]);
    expect((await othersNews()).slice(1)).toEqual([]);
    expect(await alice.locator("#notice").count()).toBe(0);
  });

  it("a guest whose link is switched off is out, and reads why", async () => {
    const guest = await openWindow("/?session=demo-session-token");
    await isIn(guest, "live");
    const client = new pg.Client({ connectionString: stack().read().database.url });
    await client.connect();
    try {
      await client.query('UPDATE "ShareLink" SET "isActive" = false');
      await guest.getByRole("alert").filter({ hasText: "Your visit as a guest has ended" }).waitFor();
      const again = await openWindow("/?session=demo-session-token");
      await again.getByRole("alert").filter({ hasText: "Your visit as a guest has ended" }).waitFor();
    } finally {
      await client.query('UPDATE "ShareLink" SET "isActive" = true');
      await client.end();
    }
  });
});
