import type { Request } from "../presence/rest.ts";
import type { ChatMessage } from "../presence/wire.ts";

/** The page's part of the REST interface (CONTRACT 5). Everything rejects with a `PresenceRequestError`. */

export interface ConversationSummary {
  id: string;
  title: string | null;
}

/** Who sees what of the person. */
export interface Preferences {
  showOnlineStatus: boolean;
  showLastSeen: boolean;
}

interface MessagePage {
  messages: ChatMessage[];
  nextCursor: string | null;
}

export interface Api {
  conversations(): Promise<{ conversations: ConversationSummary[] }>;
  /** One page, newest first; `cursor` is the `nextCursor` of the page before it. */
  messages(conversationId: string, page: { cursor: string | null; limit?: number }): Promise<MessagePage>;
  preferences(): Promise<Preferences>;
  setPreferences(changes: Partial<Preferences>): Promise<Preferences>;
  setBlocked(userId: string, isBlocked: boolean): Promise<void>;
}

export function createApi(request: Request): Api {
  const segment = encodeURIComponent;
  return {
    conversations: () => request("/conversations"),
    messages(conversationId, { cursor, limit }) {
      const query = new URLSearchParams({
        ...(cursor === null ? {} : { cursor }),
        ...(limit === undefined ? {} : { limit: String(limit) }),
      });
      return request(`/messages/${segment(conversationId)}?${query}`);
    },
    async preferences() {
      const { user } = await request<{ user: Preferences }>("/users/me");
      return { showOnlineStatus: user.showOnlineStatus, showLastSeen: user.showLastSeen };
    },
    async setPreferences(changes) {
      const { preferences } = await request<{ preferences: Preferences }>(
        "/users/me/preferences",
        "PATCH",
        changes,
      );
      return preferences;
    },
    async setBlocked(userId, isBlocked) {
      await request(`/users/me/blocks/${segment(userId)}`, isBlocked ? "PUT" : "DELETE");
    },
  };
}
