import type { ChatMessage } from "../presence/wire.ts";

/** Until when each conversation has been read: ISO 8601, by conversation id. */
export type ReadUntil = Readonly<Record<string, string>>;

/** How many of these messages are news to the person; nothing is while it is not known what they have read. */
export function countUnread(
  messages: readonly ChatMessage[],
  readUntil: string | undefined,
  selfId: string,
): number {
  if (readUntil === undefined) return 0;
  return messages.filter(({ senderId, createdAt }) => senderId !== selfId && createdAt > readUntil).length;
}

const keyOf = (selfId: string) => `meeshy.read.${encodeURIComponent(selfId)}`;

export function loadReadUntil(storage: Pick<Storage, "getItem">, selfId: string): ReadUntil {
  try {
    const read: unknown = JSON.parse(storage.getItem(keyOf(selfId)) ?? "{}");
    if (typeof read !== "object" || read === null) return {};
    return Object.fromEntries(
      Object.entries(read).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
    );
  } catch {
    return {};
  }
}

export const saveReadUntil = (storage: Pick<Storage, "setItem">, selfId: string, read: ReadUntil): void =>
  storage.setItem(keyOf(selfId), JSON.stringify(read));
