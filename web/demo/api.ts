import type { Request } from "../presence/rest.ts";
import type { ChatMessage } from "../presence/wire.ts";

/** The page's part of the REST interface (CONTRACT 5). Everything rejects with a `PresenceRequestError`. */

export interface ConversationSummary {
  id: string;
  title: string | null;
}

export interface Api {
  conversations(): Promise<{ conversations: ConversationSummary[] }>;
  /** One page, newest first; `cursor` is the `nextCursor` of the page before it. */
  messages(
    conversationId: string,
    cursor: string | null,
  ): Promise<{ messages: ChatMessage[]; nextCursor: string | null }>;
}

export function createApi(request: Request): Api {
  const segment = encodeURIComponent;
  return {
    conversations: () => request("/conversations"),
    messages: (conversationId, cursor) =>
      request(`/messages/${segment(conversationId)}${cursor === null ? "" : `?cursor=${segment(cursor)}`}`),
  };
}
