import type { ChatMessage } from "../presence/wire.ts";
import { dayOf } from "./format.ts";

/** A message of the same person within this time, ms, continues the one above. */
const CONTINUES_WITHIN_MS = 5 * 60_000;

/** What the log of a conversation shows, from top to bottom. */
export type MessageRow =
  | { kind: "day"; key: string; at: number }
  /** `continues`: the one above is of the same person, moments ago */
  | { kind: "message"; key: string; message: ChatMessage; continues: boolean };

/** The messages, oldest first, with a separator before each day. */
export function toMessageRows(messages: readonly ChatMessage[]): MessageRow[] {
  const rows: MessageRow[] = [];
  let last: ChatMessage | undefined;
  for (const message of messages) {
    const at = Date.parse(message.createdAt);
    const lastAt = last ? Date.parse(last.createdAt) : Number.NEGATIVE_INFINITY;
    const isNewDay = last === undefined || dayOf(at) !== dayOf(lastAt);
    if (isNewDay) rows.push({ kind: "day", key: dayOf(at), at });
    rows.push({
      kind: "message",
      key: message.id,
      message,
      continues: !isNewDay && last?.senderId === message.senderId && at - lastAt < CONTINUES_WITHIN_MS,
    });
    last = message;
  }
  return rows;
}
