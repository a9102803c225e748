import { beforeEach, describe, expect, test } from "vitest";
import type { Fresh, StoreBench } from "./bench.ts";

/** People, memberships and blocks as every store reads them (CONTRACT 6). */
export function describePeople(fresh: Fresh): void {
  describe("the directory", () => {
    let bench: StoreBench;
    beforeEach(async () => {
      bench = await fresh();
    });
    const directory = () => bench.store.directory;

    test("people are named by id, registered and anonymous ones alike; unknown ids are absent", async () => {
      await bench.addUsers("ann", "root");
      await bench.changeUser("root", { displayName: "Root", role: "ADMIN" });
      await bench.writer.setPreferences("root", { showOnlineStatus: false, showLastSeen: false });
      await bench.writer.deactivate("root");
      await bench.addConversation("room", { guests: ["anon_1"] });
      const users = await directory().users([
        "ann",
        "root",
        "anon_1",
        "unknown",
        "anon_unknown",
        "ann",
        "nul\0",
      ]);
      const plain = (id: string) => ({
        ...{ id, username: `name of ${id}`, displayName: null, role: "USER", isAnonymous: false },
        ...{ isActive: true, showOnlineStatus: true, showLastSeen: true, sessionsRevokedAt: null },
      });
      const hidden = { isActive: false, showOnlineStatus: false, showLastSeen: false };
      expect([...users.keys()].sort()).toEqual(["ann", "anon_1", "root"]);
      expect(users.get("ann")).toEqual(plain("ann"));
      expect(users.get("root")).toEqual({ ...plain("root"), displayName: "Root", role: "ADMIN", ...hidden });
      expect(users.get("anon_1")).toEqual({ ...plain("anon_1"), isAnonymous: true });
      expect(await directory().users([])).toEqual(new Map());
    });

    test("conversations are the active ones of the person, of an anonymous participant the one they joined", async () => {
      await bench.addUsers("ann");
      await bench.addConversation("b", { members: ["ann"], guests: ["anon_1", "anon_left"] });
      await bench.addConversation("a", { members: ["ann"] });
      await bench.addConversation("left", { members: ["ann"] });
      await bench.writer.removeMember("left", "ann");
      await bench.writer.removeMember("b", "anon_left");
      expect(await directory().conversations("ann")).toEqual([
        { id: "a", title: "title of a" },
        { id: "b", title: "title of b" },
      ]);
      expect(await directory().conversations("anon_1")).toEqual([{ id: "b", title: "title of b" }]);
      for (const id of ["anon_left", "unknown", "nul\0"])
        expect(await directory().conversations(id)).toEqual([]);
    });

    test("members are the active ones, anonymous participants included", async () => {
      await bench.addUsers("ann", "bob", "gone");
      const guests = ["anon_1", "anon_gone"];
      await bench.addConversation("room", { members: ["ann", "bob", "gone"], guests });
      await bench.addConversation("other", { members: ["gone"], guests: ["anon_2"] });
      await bench.writer.removeMember("room", "gone");
      await bench.writer.removeMember("other", "gone");
      await bench.writer.removeMember("room", "anon_gone");
      expect((await directory().members("room")).sort()).toEqual(["ann", "anon_1", "bob"]);
      for (const id of ["nowhere", "nul\0"]) expect(await directory().members(id)).toEqual([]);
      expect(await directory().memberCounts(["room", "other", "nowhere", "nul\0"])).toEqual(
        new Map([
          ["room", 3],
          ["other", 1],
        ]),
      );
      expect(await directory().memberCounts([])).toEqual(new Map());
    });

    test("blocks count in both directions, once each", async () => {
      await bench.addUsers("ann", "bob", "cat", "dan");
      await bench.writer.block("ann", "bob");
      await bench.writer.block("bob", "ann");
      await bench.writer.block("cat", "ann");
      await bench.writer.block("cat", "dan");
      expect((await directory().blocks("ann")).sort()).toEqual(["bob", "cat"]);
      for (const id of ["unknown", "anon_1", "nul\0"]) expect(await directory().blocks(id)).toEqual([]);
      const { blocksOf } = directory();
      if (!blocksOf) return;
      await bench.writer.block("ann", "anon_1");
      const of = await blocksOf(["ann", "anon_1", "unknown", "nul\0"]);
      expect(of.get("ann")?.sort()).toEqual(["anon_1", "bob", "cat"]);
      expect([of.get("anon_1"), of.get("unknown") ?? [], of.get("nul\0") ?? []]).toEqual([["ann"], [], []]);
    });

    test("a session opens for who is active, by a link that is active and not expired", async () => {
      await bench.addConversation("room", { guests: ["anon_1"] });
      const token = "session of anon_1";
      const open = async () => (await directory().anonymousSessions([token, "unknown"])).get(token);
      const setLink = (changes: { isActive?: boolean; expiresAt?: number | null }) =>
        bench.setLink("room-link", changes);
      const session = { participantId: "anon_1", username: "name of anon_1", conversationId: "room" };
      const endless = { ...session, expiresAt: null };
      expect(await open()).toEqual(endless);
      const expiresAt = Date.now() + 3_600_000;
      await setLink({ expiresAt });
      expect(await open()).toEqual({ ...session, expiresAt });
      await setLink({ expiresAt: Date.now() - 1_000 });
      expect(await open()).toBeUndefined();
      await setLink({ expiresAt: null, isActive: false });
      expect(await open()).toBeUndefined();
      await setLink({ isActive: true });
      expect(await open()).toEqual(endless);
      await bench.writer.deactivate("anon_1");
      expect(await open()).toBeUndefined();
      expect(await directory().anonymousSessions(["unknown", "", "nul\0"])).toEqual(new Map());
      expect(await directory().anonymousSessions([])).toEqual(new Map());
    });

    test("a session that was revoked opens no more", async () => {
      await bench.addConversation("room", { guests: ["anon_1", "anon_2"] });
      await bench.writer.revokeSessions("anon_1");
      const tokens = ["session of anon_1", "session of anon_2"];
      expect([...(await directory().anonymousSessions(tokens)).keys()]).toEqual(["session of anon_2"]);
    });
  });
}
