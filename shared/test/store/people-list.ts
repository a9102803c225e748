import { beforeEach, describe, expect, test } from "vitest";
import { PEOPLE_LOOKED_AT_MAX, PEOPLE_PAGE_MAX, type PeopleQuery } from "../../src/ports/people-list.ts";
import type { Fresh, StoreBench } from "./bench.ts";

/** People for operators, page by page. */
export function describePeopleList(fresh: Fresh): void {
  describe("the list of people", () => {
    let bench: StoreBench;
    beforeEach(async () => {
      bench = await fresh();
    });

    async function readAll(query: Partial<PeopleQuery> = {}): Promise<string[][]> {
      const pages: string[][] = [];
      let after: string | null = "";
      while (after !== null) {
        const whole = { among: "everyone", text: "", limit: 2, ...query, after } as const;
        const page = await bench.store.people.page(whole);
        pages.push(page.people.map(({ userId }) => userId));
        after = page.next;
      }
      return pages;
    }

    test("it holds registered and anonymous people once each, in the order of their ids", async () => {
      await bench.addUsers("ann", "bob", "zoe");
      await bench.addConversation("room", { guests: ["anon_1", "anon_2"] });
      expect(await readAll()).toEqual([["ann", "anon_1"], ["anon_2", "bob"], ["zoe"]]);
      expect(await readAll({ limit: 5 })).toEqual([["ann", "anon_1", "anon_2", "bob", "zoe"]]);
      expect(await readAll({ limit: 0 })).toHaveLength(5);
    });

    test("a person is given as they are stored", async () => {
      await bench.addUsers("ann");
      await bench.changeUser("ann", { displayName: "Ann" });
      await bench.writer.setPreferences("ann", { showOnlineStatus: false });
      await bench.setPresence("ann", { isOnline: true, lastActiveAt: 1_900_000_000_007 });
      await bench.addConversation("room", { guests: ["anon_1"] });
      const { people } = await bench.store.people.page({ after: "", limit: 9, among: "everyone", text: "" });
      expect(people).toEqual([
        {
          ...{ userId: "ann", username: "name of ann", displayName: "Ann", isAnonymous: false },
          ...{ isActive: true, showOnlineStatus: false, isOnline: true, lastActiveAt: 1_900_000_000_007 },
          ...{ availability: "available", statusText: null, availabilityExpiresAt: null },
        },
        {
          ...{ userId: "anon_1", username: "name of anon_1", displayName: null, isAnonymous: true },
          ...{ isActive: true, showOnlineStatus: true, isOnline: false, lastActiveAt: expect.any(Number) },
          ...{ availability: "available", statusText: null, availabilityExpiresAt: null },
        },
      ]);
    });

    test("present are those stored as online or invisible, absent those not stored as online", async () => {
      await bench.addUsers("ann", "bob", "hid", "zoe");
      await bench.addConversation("room", { guests: ["anon_1", "anon_2"] });
      for (const id of ["ann", "anon_1", "zoe"]) await bench.setPresence(id, { isOnline: true });
      const hidden = { availability: "invisible", statusText: null, availabilityExpiresAt: null } as const;
      const dates = { lastSeen: null, lastActiveAt: null };
      const row = { userId: "hid", isAnonymous: false, isOnline: false, epoch: 1, version: 1 };
      await bench.store.presence.write([{ ...row, ...hidden, ...dates }]);
      expect((await readAll({ among: "present" })).flat()).toEqual(["ann", "anon_1", "hid", "zoe"]);
      expect((await readAll({ among: "absent" })).flat()).toEqual(["anon_2", "bob", "hid"]);
    });

    test("a text is looked for in both names, whatever its case", async () => {
      await bench.addUsers("ann", "bob", "zoe");
      await bench.changeUser("bob", { displayName: "Émile %_" });
      expect(await readAll({ text: "OF AN" })).toEqual([["ann"]]);
      expect(await readAll({ text: "émi" })).toEqual([["bob"]]);
      expect(await readAll({ text: "%" })).toEqual([["bob"]]);
      expect((await readAll({ text: "NAME" })).flat()).toEqual(["ann", "bob", "zoe"]);
      expect(await readAll({ text: "nul\0" })).toEqual([[]]);
    });

    test("a page looks at so many rows at most, and the next one goes on behind them", async () => {
      const ids = Array.from(
        { length: PEOPLE_LOOKED_AT_MAX + 5 },
        (_, n) => `u${String(n).padStart(5, "0")}`,
      );
      await bench.addUsers(...ids);
      const last = ids.at(-1) ?? "";
      expect(await readAll({ text: last })).toEqual([[], [last]]);
      expect((await readAll({ limit: 1e9 }))[0]).toHaveLength(PEOPLE_PAGE_MAX);
      const found = await readAll({ text: "name", limit: PEOPLE_PAGE_MAX });
      expect(found.flat()).toEqual(ids);
    });

    test("behind an id that cannot be stored there is no one", async () => {
      await bench.addUsers("zoe");
      const page = await bench.store.people.page({ after: "a\0", limit: 9, among: "everyone", text: "" });
      expect(page).toEqual({ people: [], next: null });
    });
  });
}
