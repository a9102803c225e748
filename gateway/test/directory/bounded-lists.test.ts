import {
  type Directory,
  LIST_MAX,
  PERSON_CONVERSATIONS_MAX,
  type PresenceStore,
} from "@meeshy/shared/directory";
import { describe, expect, it } from "vitest";
import { toBlocks, withBlock } from "../../src/directory/bounded-lists.ts";
import { createCachedDirectory } from "../../src/directory/cached-directory.ts";

const many = (count: number) => Array.from({ length: count }, (_, n) => `x${n}`);

function directoryOf(lists: { conversations?: number; blocks?: number; members?: number }) {
  const cuts: string[] = [];
  const source = {
    conversations: async () => many(lists.conversations ?? 0).map((id) => ({ id, title: null })),
    blocks: async () => many(lists.blocks ?? 0),
    members: async () => many(lists.members ?? 0),
    users: async () => new Map(),
    presences: async () => new Map(),
  } as unknown as Directory & PresenceStore;
  return { cuts, directory: createCachedDirectory(source, (list) => cuts.push(list)) };
}

describe("a list that is longer than what is read of it", () => {
  it("is counted, and cut where being left out hides a person", async () => {
    const { directory, cuts } = directoryOf({
      conversations: PERSON_CONVERSATIONS_MAX + 1,
      members: LIST_MAX + 1,
    });
    expect(await directory.conversations.get("ann")).toHaveLength(PERSON_CONVERSATIONS_MAX);
    expect(await directory.members.get("room")).toHaveLength(LIST_MAX);
    expect(cuts).toEqual(["conversations", "members"]);
  });

  it("of blocks hides everyone", async () => {
    const { directory, cuts } = directoryOf({ blocks: LIST_MAX + 1 });
    const blocks = await directory.blocks.get("ann");
    expect([blocks?.has("x1"), blocks?.has("someone else")]).toEqual([true, true]);
    expect(withBlock(blocks ?? new Set(), "x1", false).has("x1")).toBe(true);
    expect(cuts).toEqual(["blocks"]);
  });

  it("is none up to the bound", async () => {
    const { directory, cuts } = directoryOf({
      ...{ conversations: PERSON_CONVERSATIONS_MAX, blocks: LIST_MAX, members: LIST_MAX },
    });
    expect((await directory.blocks.get("ann"))?.has("someone else")).toBe(false);
    await Promise.all([directory.conversations.get("ann"), directory.members.get("room")]);
    expect(cuts).toEqual([]);
  });
});

it("a block more, or less, is a set of its own", () => {
  const blocks = toBlocks(["bob"]);
  expect([...withBlock(blocks, "cat", true)]).toEqual(["bob", "cat"]);
  expect([...withBlock(blocks, "bob", false)]).toEqual([]);
  expect([...blocks]).toEqual(["bob"]);
});
