import {
  type Directory,
  LIST_MAX,
  PERSON_CONVERSATIONS_MAX,
  type Person,
  type PresenceStore,
} from "@meeshy/shared/directory";

/** Lists of which a directory may give more than is read. */
export type CutList = "conversations" | "blocks" | "members";

/** Of a person with more blocks than are read, each block that is missing would show them: everyone counts as blocked. */
class Everyone extends Set<string> {
  override has(): boolean {
    return true;
  }
}

/** The people with whom a person is blocked, as {@link withBoundedLists} gives them. */
export const toBlocks = (ids: readonly string[]): ReadonlySet<string> =>
  ids.length > LIST_MAX ? new Everyone() : new Set(ids);

/** The blocks with one more, or without it. */
export function withBlock(
  blocks: ReadonlySet<string>,
  userId: string,
  isBlocked: boolean,
): ReadonlySet<string> {
  if (blocks instanceof Everyone) return blocks;
  const others = new Set(blocks);
  if (isBlocked) others.add(userId);
  else others.delete(userId);
  return others;
}

/**
 * The source, of whose lists no more is read than is kept (CONTRACT 6). A list that is cut shows a person less, never
 * more: they are no members of the conversations left out, members left out are not listed, and of too many blocks one
 * more than the most is given. Each is reported.
 */
export function withBoundedLists<S extends Directory & PresenceStore>(
  source: S,
  onCut: (list: CutList) => void,
): S {
  const cut = <T>(list: CutList, items: readonly T[], most: number): T[] => {
    if (items.length <= most) return [...items];
    onCut(list);
    return items.slice(0, list === "blocks" ? most + 1 : most);
  };
  const bounded = (person: Person): Person => ({
    ...person,
    conversations: cut("conversations", person.conversations, PERSON_CONVERSATIONS_MAX),
    blocks: cut("blocks", person.blocks, LIST_MAX),
  });
  const { people, conversationsOf, blocksOf } = source;
  const mapped = <V>(values: Map<string, V>, change: (value: V) => V) =>
    new Map([...values].map(([id, value]) => [id, change(value)]));
  return {
    ...source,
    conversations: async (userId) =>
      cut("conversations", await source.conversations(userId), PERSON_CONVERSATIONS_MAX),
    blocks: async (userId) => cut("blocks", await source.blocks(userId), LIST_MAX),
    members: async (conversationId) => cut("members", await source.members(conversationId), LIST_MAX),
    ...(blocksOf && {
      blocksOf: async (ids: readonly string[]) =>
        mapped(await blocksOf(ids), (list) => cut("blocks", list, LIST_MAX)),
    }),
    ...(people && { people: async (ids: readonly string[]) => mapped(await people(ids), bounded) }),
    ...(conversationsOf && {
      conversationsOf: async (ids: readonly string[]) =>
        mapped(await conversationsOf(ids), (list) => cut("conversations", list, PERSON_CONVERSATIONS_MAX)),
    }),
  };
}
