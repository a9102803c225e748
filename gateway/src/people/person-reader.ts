import type { Directory, PresenceStore } from "@meeshy/shared/directory";
import type { Profile } from "@meeshy/shared/events";
import { toProfile } from "../core/profile.ts";
import { orUnavailable } from "../core/unavailable.ts";

/** Reads what workers have to know of a person, past every cache; `undefined`: there is nobody of that id. Rejects with `unavailable`. */
export type ReadPerson = (userId: string) => Promise<Profile | undefined>;

export function createPersonReader(source: Directory & PresenceStore): ReadPerson {
  return async (userId) => {
    const [users, conversations, presences] = await orUnavailable(() =>
      Promise.all([source.users([userId]), source.conversations(userId), source.presences([userId])]),
    );
    const user = users.get(userId);
    if (!user) return undefined;
    const conversationIds = conversations.map(({ id }) => id);
    return toProfile({ user, conversationIds, stored: presences.get(userId) });
  };
}
