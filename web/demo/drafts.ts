/** What a person has begun to write, by conversation: kept for the life of the tab. */

type Kept = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const keyOf = (selfId: string, conversationId: string) =>
  `meeshy.draft ${JSON.stringify([selfId, conversationId])}`;

export const readDraft = (storage: Kept, selfId: string, conversationId: string): string =>
  storage.getItem(keyOf(selfId, conversationId)) ?? "";

export function writeDraft(storage: Kept, selfId: string, conversationId: string, text: string): void {
  const key = keyOf(selfId, conversationId);
  if (text === "") storage.removeItem(key);
  else storage.setItem(key, text);
}
