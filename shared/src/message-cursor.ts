import { PresenceError } from "./codes.ts";
import type { ChatMessage } from "./socket-events.ts";

/** The place in a conversation behind which a page begins. */
export interface MessageCursor {
  createdAt: Date;
  id: string;
}

/**
 * The cursor behind this message: base64url of its time, ms since 1970, and its id. Callers treat it as
 * opaque.
 */
export const encodeCursor = ({ createdAt, id }: ChatMessage): string =>
  Buffer.from(`${Date.parse(createdAt)} ${id}`).toString("base64url");

/** @throws {PresenceError} `bad_request`: it was not made by {@link encodeCursor} */
export function decodeCursor(cursor: string): MessageCursor {
  const [, millis, id] = /^(\d{1,15}) ([^\0]+)$/s.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (millis === undefined || id === undefined)
    throw new PresenceError("bad_request", "This cursor is not one of ours.");
  return { createdAt: new Date(Number(millis)), id };
}
