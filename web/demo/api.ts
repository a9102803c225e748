import type { ErrorBody } from "@meeshy/shared/codes";
import type { ChatMessage } from "@meeshy/shared/socket-events";
import type { UserStatus } from "@meeshy/shared/status";

/** The page's part of the REST interface (CONTRACT 5). */

export interface ConversationSummary {
  id: string;
  title: string | null;
}

export interface Api {
  conversations(signal: AbortSignal): Promise<{ conversations: ConversationSummary[] }>;
  members(conversationId: string, signal: AbortSignal): Promise<{ users: UserStatus[] }>;
  /** One page, newest first; `cursor` is the `nextCursor` of the page before it. */
  messages(
    conversationId: string,
    cursor: string | null,
    signal?: AbortSignal,
  ): Promise<{ messages: ChatMessage[]; nextCursor: string | null }>;
}

/** Rejects with an `Error` whose message may be shown. */
export function createApi(token: string): Api {
  async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
    const response = await fetch(path, {
      // What the page reads by itself is no activity of the person.
      headers: { authorization: `Bearer ${token}`, "x-presence-passive": "1" },
      signal: signal ?? null,
    });
    const body: unknown = await response.json().catch(() => null);
    if (!response.ok)
      throw new Error((body as { error?: ErrorBody } | null)?.error?.message ?? response.statusText);
    return body as T;
  }
  const segment = encodeURIComponent;
  return {
    conversations: (signal) => get("/api/conversations", signal),
    members: (conversationId, signal) =>
      get(`/api/conversations/${segment(conversationId)}/presence`, signal),
    messages: (conversationId, cursor, signal) =>
      get(
        `/api/messages/${segment(conversationId)}${cursor === null ? "" : `?cursor=${segment(cursor)}`}`,
        signal,
      ),
  };
}
