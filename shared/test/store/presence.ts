import { beforeEach, describe, expect, test } from "vitest";
import type { StoredPresence } from "../../src/directory.ts";
import { profileSchema } from "../../src/events.ts";
import type { StaleBounds } from "../../src/ports/presence-rows.ts";
import type { PresenceRow } from "../../src/presence-row.ts";
import type { Fresh, StoreBench } from "./bench.ts";

const NOON = Date.UTC(2030, 0, 1, 12);
const HOUR = 3_600_000;
const MINUTE = 60_000;

const row = (userId: string, changes: Partial<PresenceRow> = {}): PresenceRow => ({
  ...{ userId, isAnonymous: userId.startsWith("anon_"), isOnline: true, lastSeen: NOON, lastActiveAt: NOON },
  ...{ availability: "available", statusText: null, availabilityExpiresAt: null, epoch: 1, version: 100 },
  ...changes,
});

/** Presence in the rows of people. */
export function describePresence(fresh: Fresh): void {
  let bench: StoreBench;
  const presence = () => bench.store.presence;
  const write = async (...rows: PresenceRow[]) => (await presence().write(rows)).written;
  const stored = async (id: string): Promise<StoredPresence | undefined> =>
    (await bench.store.directory.presences([id])).get(id);

  describe("written presence", () => {
    beforeEach(async () => {
      bench = await fresh();
      await bench.addUsers("ann", "bob");
      await bench.addConversation("room", { guests: ["anon_1"] });
    });

    test("is read as it was written, for both kinds of people, and of no others", async () => {
      const place = { epoch: 4, version: 2 ** 40 };
      const seen = { lastSeen: NOON + 7, availabilityExpiresAt: NOON + HOUR };
      const changes = { ...place, ...seen, availability: "invisible", statusText: "x".repeat(150) } as const;
      const before = await stored("bob");
      expect(await write(row("ann", changes), row("anon_1", changes))).toBe(2);
      const { isAnonymous: _, ...ann } = row("ann", { ...changes, statusText: "x".repeat(140) });
      const unset = { availability: "available", statusText: null, availabilityExpiresAt: null };
      const found = await bench.store.directory.presences(["ann", "anon_1", "unknown", "nul\0"]);
      expect([...found.keys()].sort()).toEqual(["ann", "anon_1"]);
      expect(found.get("ann")).toEqual(ann);
      expect(found.get("anon_1")).toEqual({ ...ann, userId: "anon_1", ...unset });
      expect(await stored("bob")).toEqual(before);
    });

    test.each(["ann", "anon_1"])(
      "an older version is refused, an equal one repairs, a newer one and a newer epoch win: %s",
      async (id) => {
        const isOnline = async () => (await stored(id))?.isOnline;
        await write(row(id, { epoch: 2, version: 100, isOnline: true }));
        expect(await write(row(id, { epoch: 2, version: 99, isOnline: false }))).toBe(0);
        expect(await write(row(id, { epoch: 1, version: 5_000, isOnline: false }))).toBe(0);
        expect(await isOnline()).toBe(true);
        expect(await write(row(id, { epoch: 2, version: 100, isOnline: false }))).toBe(1);
        expect(await isOnline()).toBe(false);
        expect(await write(row(id, { epoch: 2, version: 101, isOnline: true }))).toBe(1);
        expect(await isOnline()).toBe(true);
        expect(await write(row(id, { epoch: 3, version: 1, isOnline: false }))).toBe(1);
        expect(await isOnline()).toBe(false);
      },
    );

    test("dates never go back, not for an older date and not for none", async () => {
      await write(row("ann"), row("anon_1"));
      await write(
        row("ann", { version: 101, lastSeen: NOON - HOUR, lastActiveAt: null }),
        row("anon_1", { version: 101, lastSeen: null, lastActiveAt: NOON - HOUR }),
      );
      for (const id of ["ann", "anon_1"])
        expect(await stored(id)).toMatchObject({ lastSeen: NOON, lastActiveAt: NOON, version: 101 });
    });

    test.each(["ann", "anon_1"])(
      "a date that a wrong clock has put far ahead gives way to one that is not: %s",
      async (id) => {
        const now = Date.now();
        const [ahead, lastSeen] = [now + 365 * 24 * HOUR, now - MINUTE];
        await write(row(id, { version: 101, lastSeen: ahead, lastActiveAt: ahead }));
        await write(row(id, { version: 102, lastSeen: ahead - HOUR, lastActiveAt: null }));
        expect(await stored(id)).toMatchObject({ lastSeen: ahead, lastActiveAt: ahead });
        await write(row(id, { version: 103, lastSeen, lastActiveAt: now }));
        expect(await stored(id)).toMatchObject({ lastSeen, lastActiveAt: now });
        await write(row(id, { version: 104, lastSeen: lastSeen - HOUR, lastActiveAt: now - HOUR }));
        expect(await stored(id)).toMatchObject({ lastSeen, lastActiveAt: now });
      },
    );

    test("a date that is hardly ahead of the store's clock never goes back either", async () => {
      const soon = Date.now() + MINUTE / 2;
      await write(row("ann", { version: 101, lastActiveAt: soon }));
      await write(row("ann", { version: 102, lastActiveAt: soon - MINUTE }));
      expect((await stored("ann"))?.lastActiveAt).toBe(soon);
    });

    test("text and expiry are cleared by null; without availability all three stay", async () => {
      const chosen = { availability: "busy", statusText: "x", availabilityExpiresAt: NOON } as const;
      await write(row("ann", chosen));
      await write(row("ann", { version: 101, availability: null }));
      expect(await stored("ann")).toMatchObject({ ...chosen, version: 101 });
      await write(row("ann", { version: 102 }));
      const none = { availability: "available", statusText: null, availabilityExpiresAt: null };
      expect(await stored("ann")).toMatchObject(none);
    });

    test("of a person who was never shown dates and availability are stored, and nothing of their status", async () => {
      await write(row("ann", { epoch: 2, version: 9 }));
      const never = {
        epoch: 0,
        version: 0,
        isOnline: false,
        lastSeen: NOON + 1,
        availability: "dnd",
      } as const;
      expect(await presence().write([row("ann", never)])).toEqual({ written: 1, refused: 0, newest: null });
      const kept = { epoch: 2, version: 9, isOnline: true };
      expect(await stored("ann")).toMatchObject({ ...kept, lastSeen: NOON + 1, availability: "dnd" });
    });

    test("of several presences of one person the greatest version counts, of equals the later", async () => {
      const written = await write(
        row("ann", { epoch: 1, version: 7, statusText: "old" }),
        row("ann", { epoch: 2, version: 3, statusText: "new" }),
        row("ann", { epoch: 1, version: 9, statusText: "old" }),
        row("bob", { version: 5, statusText: "first" }),
        row("bob", { version: 5, statusText: "second" }),
      );
      expect(written).toBe(2);
      expect((await stored("ann"))?.statusText).toBe("new");
      expect((await stored("bob"))?.statusText).toBe("second");
    });

    test("people without a row are passed over", async () => {
      expect(await write(row("unknown"), row("ann"), row("anon_unknown"))).toBe(1);
      expect(await presence().write([])).toEqual({ written: 0, refused: 0, newest: null });
    });

    test("makes the rows that are missing where the people are in an application's own directory", async () => {
      bench = await fresh({ addsRows: true });
      await bench.addUsers("ann");
      const rows = ["ann", "foreign", "anon_unknown", "nul\0", "foreign"].map((id) => row(id));
      expect(await write(...rows)).toBe(2);
      expect(await stored("foreign")).toMatchObject({ isOnline: true, version: 100 });
      const users = await bench.store.directory.users(["ann", "foreign", "anon_unknown", "nul\0"]);
      expect([...users].map(([id, { username }]) => [id, username]).sort()).toEqual([
        ["ann", "name of ann"],
        ["foreign", "foreign"],
      ]);
    });

    test("foreign ids and texts of any script arrive unchanged; what cannot be stored harms no other", async () => {
      const ids = [
        "auth0|1",
        "o'hara",
        'quo"te',
        "{a,b}",
        "back\\slash",
        "ünï@例え.jp",
        "😀",
        "NULL",
        " ",
        "a\nb",
      ];
      await bench.addUsers(...ids);
      const text = `'"\\{},NULL 😀 例え`;
      const rows = ids.map((id) => row(id, { statusText: `${text}${id}\0` }));
      expect(await write(row("nul\0"), ...rows)).toBe(ids.length);
      for (const id of ids) expect((await stored(id))?.statusText).toBe(text + id);
    });

    test("what the store holds in a newer state is counted, and the newest of it named", async () => {
      await bench.addUsers("cat", "dan");
      await write(row("ann", { epoch: 7, version: 3 }), row("bob", { epoch: 7, version: 12 }));
      await write(row("cat", { epoch: 2, version: 900 }), row("anon_1", { epoch: 7, version: 11 }));
      const people = ["ann", "bob", "cat", "dan", "anon_1", "unknown"];
      const rows = people.map((id) => row(id, { epoch: 2, version: 500, isOnline: false }));
      const newest = { epoch: 7, version: 12 };
      expect(await presence().write(rows)).toEqual({ written: 1, refused: 4, newest });
      expect((await stored("bob"))?.isOnline).toBe(true);
      expect((await stored("dan"))?.isOnline).toBe(false);
    });

    test("an epoch that no service can have come to counts for nothing and is overwritten", async () => {
      const impossible = { epoch: 2 ** 31 - 1, version: 2 ** 50 };
      for (const id of ["ann", "bob", "anon_1"]) await bench.setPresence(id, impossible);
      const rows = ["ann", "anon_1"].map((id) => row(id, { epoch: 3, version: 9 }));
      expect(await presence().write(rows)).toEqual({ written: 2, refused: 0, newest: null });
      for (const id of ["ann", "anon_1"]) expect(await stored(id)).toMatchObject({ epoch: 3, version: 9 });
      await write(row("bob", { epoch: 0, version: 0 }));
      expect(await stored("bob")).toMatchObject(impossible);
    });
  });

  describe("stale presence", () => {
    beforeEach(async () => {
      bench = await fresh();
    });
    const lastActive = (id: string, minutesAgo: number, isOnline = true) =>
      bench.setPresence(id, { isOnline, lastActiveAt: Date.now() - minutesAgo * MINUTE });
    const page = (bounds: Partial<StaleBounds> = {}) =>
      presence().stale({ thresholdMs: 5 * MINUTE, limit: 100, ...bounds });
    const find = async (bounds: Partial<StaleBounds> = {}) => (await page(bounds)).people;
    const idsOf = (found: { userId: string }[]) => found.map(({ userId }) => userId);

    test("is that of people who are online and were last active too long ago, in the order of their ids", async () => {
      await bench.addUsers("fresh", "stale", "staler", "offline");
      await bench.addConversation("room", { guests: ["anon_fresh", "anon_stale"] });
      await lastActive("fresh", 1);
      await lastActive("stale", 10);
      await lastActive("staler", 30);
      await lastActive("offline", 40, false);
      await lastActive("anon_fresh", 1);
      await lastActive("anon_stale", 20);
      expect(await page()).toMatchObject({
        people: [{ userId: "anon_stale" }, { userId: "stale" }, { userId: "staler" }],
        next: null,
      });
      expect(await page({ limit: 0 })).toEqual({ people: [], next: null });
    });

    test("is read page by page, so that no row that stays stale hides another", async () => {
      await bench.addUsers("ann", "bob", "cat", "new");
      await bench.addConversation("room", { guests: ["anon_1", "anon_2"] });
      for (const [index, id] of ["anon_2", "cat", "bob", "ann", "anon_1"].entries())
        await lastActive(id, 10 + index);
      await lastActive("new", 1);
      const first = await page({ limit: 2 });
      expect([idsOf(first.people), first.next]).toEqual([["ann", "anon_1"], "anon_1"]);
      // Dates move meanwhile: of those who are read, and of those who are not.
      await lastActive("ann", 6);
      await lastActive("cat", 60);
      await lastActive("new", 8);
      const second = await page({ limit: 2, after: "anon_1" });
      expect([idsOf(second.people), second.next]).toEqual([["anon_2", "bob"], "bob"]);
      const third = await page({ limit: 2, after: "bob" });
      expect([idsOf(third.people), third.next]).toEqual([["cat", "new"], null]);
      expect(await page({ limit: 2, after: "new" })).toEqual({ people: [], next: null });
    });

    test("is not that of people whose row was written in an epoch that is named", async () => {
      const ids = ["earlier", "known", "later", "of-another-log", "unwritten"];
      await bench.addUsers(...ids);
      await bench.addConversation("room", { guests: ids.map((id) => `anon_${id}`) });
      const written = [
        ...[
          { epoch: 2, version: 900 },
          { epoch: 3, version: 40 },
          { epoch: 4, version: 2 },
        ],
        ...[{ epoch: 3, version: 39 }, {}],
      ];
      for (const [index, id] of ids.entries()) {
        const changes = { isOnline: true, lastActiveAt: Date.now() - MINUTE, ...written[index] };
        for (const one of [id, `anon_${id}`]) await bench.setPresence(one, changes);
      }
      const bounds = { thresholdMs: 0, notWrittenIn: { epoch: 3, from: 40 } };
      const others = ids.filter((id) => id !== "known");
      expect(idsOf(await find(bounds)).sort()).toEqual([...others.map((id) => `anon_${id}`), ...others]);
      expect(await find({ thresholdMs: 0 })).toHaveLength(10);
    });

    test("is also that of people who are stored as active far ahead of the store's clock", async () => {
      await bench.addUsers("ahead", "soon", "stale");
      await bench.addConversation("room", { guests: ["anon_ahead", "anon_soon"] });
      for (const id of ["ahead", "anon_ahead"]) await lastActive(id, -24 * 60);
      for (const id of ["soon", "anon_soon"]) await lastActive(id, -30);
      await lastActive("stale", 10);
      expect(idsOf(await find())).toEqual(["ahead", "anon_ahead", "stale"]);
    });

    test("comes with the whole profile that a look carries", async () => {
      await bench.addUsers("ann");
      await bench.addConversation("room", { members: ["ann"], guests: ["anon_1"] });
      await bench.addConversation("club", { members: ["ann"] });
      await bench.addConversation("left", { members: ["ann"] });
      await bench.writer.removeMember("left", "ann");
      const seen = Date.now() - 90 * MINUTE;
      const chosen = { availability: "busy", availabilityExpiresAt: seen, lastSeen: null } as const;
      await write(row("ann", { ...chosen, statusText: "é".repeat(200), lastActiveAt: null }));
      await bench.setPresence("ann", { lastSeen: seen });
      await lastActive("ann", 20);
      await lastActive("anon_1", 10);
      const dates = { lastActiveAt: expect.any(Number), lastSeen: expect.any(Number) };
      const found = await find();
      expect(found).toEqual([
        {
          userId: "ann",
          profile: {
            ...{
              username: "name of ann",
              displayName: null,
              isAnonymous: false,
              conversationIds: ["club", "room"],
            },
            ...{ availability: "busy", statusText: "é".repeat(140), availabilityExpiresAt: seen },
            ...dates,
            lastSeen: seen,
          },
        },
        {
          userId: "anon_1",
          profile: {
            ...{
              username: "name of anon_1",
              displayName: null,
              isAnonymous: true,
              conversationIds: ["room"],
            },
            ...{ availability: "available", statusText: null, availabilityExpiresAt: null },
            ...dates,
          },
        },
      ]);
      for (const { profile } of found) expect(profileSchema.parse(profile)).toEqual(profile);
    });

    test("is found of those without conversations, or who left the only one, too", async () => {
      await bench.addUsers("ann");
      await bench.addConversation("room", { guests: ["anon_1"] });
      await bench.writer.deactivate("anon_1");
      await lastActive("ann", 20);
      await lastActive("anon_1", 10);
      expect((await find()).map(({ profile }) => profile.conversationIds)).toEqual([[], []]);
    });

    test.each([
      ["text", '1 millisecond\'; DROP TABLE "User"; --' as unknown as number],
      ["a fraction", 0.5],
      ["a negative", -1],
      ["NaN", Number.NaN],
      ["infinity", Number.POSITIVE_INFINITY],
    ])("is not looked for with a bound that is %s", async (_, value) => {
      await expect(page({ thresholdMs: value })).rejects.toThrow(RangeError);
      await expect(page({ limit: value })).rejects.toThrow(RangeError);
      for (const notWrittenIn of [
        { epoch: value, from: 1 },
        { epoch: 1, from: value },
      ])
        await expect(page({ notWrittenIn })).rejects.toThrow(RangeError);
    });
  });
}
