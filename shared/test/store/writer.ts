import { beforeEach, describe, expect, test } from "vitest";
import type { Fresh, StoreBench } from "./bench.ts";

const notFound = { code: "not_found" };

/** What people may change, and the ends of accounts. */
export function describeChanges(fresh: Fresh): void {
  describe("changes of people", () => {
    let bench: StoreBench;
    beforeEach(async () => {
      bench = await fresh();
      await bench.addUsers("ann", "bob");
      await bench.addConversation("room", { guests: ["anon_1"] });
    });
    const directory = () => bench.store.directory;

    test("preferences that are given are set, the others stay", async () => {
      const { setPreferences } = bench.writer;
      const [shown, hidden] = [{ showOnlineStatus: true }, { showOnlineStatus: false }];
      expect(await setPreferences("ann", { showLastSeen: false })).toEqual({ ...shown, showLastSeen: false });
      expect(await setPreferences("ann", hidden)).toEqual({ ...hidden, showLastSeen: false });
      expect(await setPreferences("ann", {})).toEqual({ ...hidden, showLastSeen: false });
      const bob = (await directory().users(["bob"])).get("bob");
      expect(bob).toMatchObject({ ...shown, showLastSeen: true });
    });

    test("a block, and its end, count once however often they are asked for", async () => {
      const { block, unblock } = bench.writer;
      expect(await block("ann", "bob")).toBe(true);
      expect(await block("ann", "bob")).toBe(false);
      expect(await directory().blocks("bob")).toEqual(["ann"]);
      expect(await unblock("bob", "ann")).toBe(false);
      expect(await directory().blocks("bob")).toEqual(["ann"]);
      expect(await unblock("ann", "bob")).toBe(true);
      expect(await unblock("ann", "bob")).toBe(false);
      expect(await directory().blocks("bob")).toEqual([]);
    });

    test.each(["anon_1", "anon_unknown", "unknown", "'; --"])(
      "%j is blocked as anyone, whether there is such a person or not",
      async (id) => {
        const { block, unblock } = bench.writer;
        expect(await block("ann", id)).toBe(true);
        expect(await block("ann", id)).toBe(false);
        expect(await directory().blocks("ann")).toEqual([id]);
        expect(await directory().blocks(id)).toEqual(["ann"]);
        expect(await unblock("ann", id)).toBe(true);
        expect(await unblock("ann", id)).toBe(false);
        expect(await directory().blocks(id)).toEqual([]);
      },
    );

    test("a person's own blocks are listed page by page, in the order of ids, and those by others are not", async () => {
      const { block, unblock, blockedBy } = bench.writer;
      for (const id of ["unknown", "bob", "anon_1", "gone"]) await block("ann", id);
      await block("bob", "ann");
      await unblock("ann", "gone");
      const first = await blockedBy("ann", { after: "", limit: 2 });
      expect(first).toEqual(["anon_1", "bob"]);
      expect(await blockedBy("ann", { after: "bob", limit: 2 })).toEqual(["unknown"]);
      expect(await blockedBy("ann", { after: "unknown", limit: 2 })).toEqual([]);
      expect(await blockedBy("bob", { after: "", limit: 9 })).toEqual(["ann"]);
      for (const id of ["anon_1", "unknown", "nul\0"])
        expect(await blockedBy(id, { after: "", limit: 9 })).toEqual([]);
      expect(await blockedBy("ann", { after: "nul\0", limit: 9 })).toEqual([]);
    });

    test("a block ends with the person who is blocked, also an anonymous one", async () => {
      const { block } = bench.writer;
      for (const id of ["bob", "anon_1"]) {
        await block("ann", id);
        await bench.store.erasure.erase(id);
        expect(await directory().blocks("ann")).toEqual([]);
      }
    });

    test("people share a conversation while both are in it", async () => {
      const { shareConversation, addMember, removeMember } = bench.writer;
      const shares = (userId: string, otherId: string) => shareConversation(userId, otherId);
      await addMember("room", "ann");
      for (const id of ["bob", "unknown", "anon_unknown", "nul\0"])
        expect(await shares("ann", id)).toBe(false);
      expect(await shares("ann", "anon_1")).toBe(true);
      await addMember("room", "bob");
      expect([await shares("ann", "bob"), await shares("bob", "ann")]).toEqual([true, true]);
      await removeMember("room", "ann");
      expect([await shares("ann", "bob"), await shares("bob", "ann")]).toEqual([false, false]);
    });

    test("people cannot block themselves", async () => {
      await expect(bench.writer.block("ann", "ann")).rejects.toMatchObject({ code: "bad_request" });
    });

    test("a member is added and removed once however often it is asked for, and can come back", async () => {
      const { addMember, removeMember } = bench.writer;
      const steps = [];
      for (const change of [addMember, addMember, removeMember, removeMember, addMember]) {
        steps.push([await change("room", "ann"), (await directory().members("room")).includes("ann")]);
      }
      expect(steps).toEqual([
        [true, true],
        [false, true],
        [true, false],
        [false, false],
        [true, true],
      ]);
    });

    test("a member adds those who share a conversation with them, and no one else", async () => {
      const { addMember, removeMember } = bench.writer;
      await bench.addUsers("cat");
      await bench.addConversation("other", { members: ["ann", "bob"], guests: ["anon_2"] });
      await addMember("room", "ann");
      const refused = async (userId: string, by: string, conversationId = "room") =>
        await expect(addMember(conversationId, userId, by)).rejects.toMatchObject(notFound);
      for (const userId of ["cat", "unknown", "anon_2", "anon_unknown", "nul\0"])
        await refused(userId, "ann");
      await refused("ann", "bob");
      await refused("bob", "bob");
      await refused("bob", "ann", "unknown");
      expect(await addMember("room", "bob", "ann")).toBe(true);
      expect(await addMember("room", "bob", "ann")).toBe(false);
      expect(await addMember("room", "anon_1", "ann")).toBe(false);
      expect((await directory().members("room")).sort()).toEqual(["ann", "anon_1", "bob"]);
      await removeMember("room", "bob");
      await removeMember("room", "anon_1");
      await refused("bob", "ann");
      await refused("anon_1", "ann");
      expect(await addMember("room", "bob", "bob")).toBe(true);
      expect(await addMember("room", "bob", "bob")).toBe(false);
      expect(await addMember("room", "anon_1")).toBe(true);
    });

    test("an anonymous participant is removed from their own conversation and can be put back there alone", async () => {
      const { addMember, removeMember } = bench.writer;
      await bench.addConversation("other");
      expect(await addMember("room", "anon_1")).toBe(false);
      expect(await removeMember("room", "anon_1")).toBe(true);
      expect(await removeMember("room", "anon_1")).toBe(false);
      expect(await directory().members("room")).toEqual([]);
      await expect(addMember("other", "anon_1")).rejects.toMatchObject(notFound);
      await expect(removeMember("other", "anon_1")).rejects.toMatchObject(notFound);
      expect(await addMember("room", "anon_1")).toBe(true);
      expect(await directory().members("room")).toEqual(["anon_1"]);
    });

    test.each(["unknown", "anon_unknown", "nul\0", "'; --"])("%j is found nowhere", async (id) => {
      const { setPreferences, block, addMember, removeMember } = bench.writer;
      for (const attempt of [
        () => setPreferences(id, { showLastSeen: false }),
        () => block(id, "ann"),
        () => addMember("room", id),
        () => addMember(id, "ann"),
        () => removeMember("room", id),
        () => removeMember(id, "ann"),
      ]) {
        await expect(attempt()).rejects.toMatchObject(notFound);
      }
    });

    test("an account is deactivated once however often it is asked for", async () => {
      const { deactivate } = bench.writer;
      for (const id of ["ann", "anon_1"]) {
        expect(await deactivate(id)).toBe(true);
        expect(await deactivate(id)).toBe(false);
        expect((await directory().users([id])).get(id)?.isActive).toBe(false);
      }
      for (const id of ["unknown", "a\0b"]) expect(await deactivate(id)).toBe(false);
    });

    test("sessions are revoked as of now, by every way of reading a person", async () => {
      const { revokeSessions } = bench.writer;
      const before = Date.now();
      for (const id of ["ann", "anon_1"]) {
        expect(await revokeSessions(id)).toBe(true);
        const revokedAt = (await directory().users([id])).get(id)?.sessionsRevokedAt ?? 0;
        expect(Math.abs(revokedAt - before)).toBeLessThan(5_000);
        const whole = (await directory().people?.([id]))?.get(id)?.user;
        if (whole) expect(whole.sessionsRevokedAt).toBe(revokedAt);
      }
      expect((await directory().users(["bob"])).get("bob")?.sessionsRevokedAt).toBeNull();
      for (const id of ["unknown", "anon_unknown", "a\0b"]) expect(await revokeSessions(id)).toBe(false);
    });

    test("of a person who is deleted nothing stays but what they wrote", async () => {
      const { store, writer } = bench;
      await writer.addMember("room", "ann");
      await writer.addMember("room", "bob");
      await writer.block("ann", "bob");
      await writer.block("bob", "ann");
      await store.history.write([
        {
          ...{ userId: "ann", epoch: 1, version: 1, at: 0, from: "offline", to: "online" },
          ...{ cause: "connect", connectionId: null, traceId: null },
        },
      ]);
      await store.chat.add({ conversationId: "room", senderId: "ann", content: "hello" });
      for (const id of ["ann", "anon_1", "ann", "unknown", "a\0b"]) await store.erasure.erase(id);
      expect([...(await directory().users(["ann", "bob", "anon_1"])).keys()]).toEqual(["bob"]);
      expect(await directory().conversations("ann")).toEqual([]);
      expect(await directory().members("room")).toEqual(["bob"]);
      expect(await directory().blocks("bob")).toEqual([]);
      expect(await store.history.recent("ann", 10)).toEqual([]);
      expect((await store.chat.page("room", { limit: 10 })).messages).toHaveLength(1);
    });
  });
}
