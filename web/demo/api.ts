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

export interface BlockedPerson {
  userId: string;
  /** null: no conversation is shared with them any more */
  username: string | null;
  displayName: string | null;
}

interface BlockPage {
  blocks: BlockedPerson[];
  nextCursor: string | null;
}

/** A person can block 10,000 people, and a page holds 200. */
const BLOCK_PAGES_MAX = 50;

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
  /** All whom the person has blocked. */
  blocked(): Promise<BlockedPerson[]>;
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
    async blocked() {
      const found: BlockedPerson[] = [];
      let cursor: string | null = null;
      for (let pages = 0; pages < BLOCK_PAGES_MAX; pages++) {
        const query: string = cursor === null ? "" : `?${new URLSearchParams({ cursor })}`;
        const { blocks, nextCursor }: BlockPage = await request(`/users/me/blocks${query}`);
        found.push(...blocks);
        if (nextCursor === null) break;
        cursor = nextCursor;
      }
      return found;
    },
    async setBlocked(userId, isBlocked) {
      await request(`/users/me/blocks/${segment(userId)}`, isBlocked ? "PUT" : "DELETE");
    },
  };
}
