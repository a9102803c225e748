import type { ChatMessage } from "../presence/wire.ts";

/** A conversation's messages as far as they have been read: oldest first, without holes. */
export interface Timeline {
  messages: readonly ChatMessage[];
  /** Where the page before the oldest message begins; null at the beginning of the conversation. */
  cursor: string | null;
}

interface Page {
  messages: readonly ChatMessage[];
  nextCursor: string | null;
}

export const EMPTY_TIMELINE: Timeline = { messages: [], cursor: null };

/**
 * Takes in the newest page, at the start and after a time in which messages may have been missed. What does not
 * join up with it is let go; messages that arrived while it was being read stay.
 */
export function refreshTimeline(timeline: Timeline, newest: Page): Timeline {
  const oldest = newest.messages.toSorted(byTime)[0];
  if (oldest === undefined) return timeline;
  if (timeline.messages.some(({ id }) => id === oldest.id)) {
    return { messages: merge(timeline.messages, newest.messages), cursor: timeline.cursor };
  }
  const later = timeline.messages.filter((message) => byTime(message, oldest) > 0);
  return { messages: merge(newest.messages, later), cursor: newest.nextCursor };
}

export const appendMessage = (timeline: Timeline, message: ChatMessage): Timeline => ({
  ...timeline,
  messages: merge(timeline.messages, [message]),
});

export const prependPage = (timeline: Timeline, earlier: Page): Timeline => ({
  messages: merge(timeline.messages, earlier.messages),
  cursor: earlier.nextCursor,
});

function merge(known: readonly ChatMessage[], more: readonly ChatMessage[]): readonly ChatMessage[] {
  const byId = new Map(known.map((message) => [message.id, message]));
  for (const message of more) byId.set(message.id, message);
  return [...byId.values()].sort(byTime);
}

const byTime = (a: ChatMessage, b: ChatMessage): number =>
  compare(a.createdAt, b.createdAt) || compare(a.id, b.id);

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
