import type { DirectoryUser } from "@meeshy/shared/directory";
import { LRUCache } from "lru-cache";
import type { SubjectPreferences } from "../core/visibility.ts";

/**
 * How openly each person has been told of on this gateway's sockets since what viewers see was last put
 * right. What the directory's cache held before a change cannot say: it may have been renewed in between.
 */
export interface Told {
  /** Somebody has been told of this person, under these preferences. */
  note(user: DirectoryUser): void;
  /** The most that anybody may have been told; nothing of whom nobody was told. */
  of(userId: string): SubjectPreferences;
  /** Everybody has been put right: from now on only later tellings count. */
  forget(userId: string): void;
}

const MAX_PEOPLE = 100_000;
const NOTHING: SubjectPreferences = {
  username: "",
  isAnonymous: false,
  isActive: false,
  showOnlineStatus: false,
  showLastSeen: false,
};

export function createTold(): Told {
  const told = new LRUCache<string, SubjectPreferences>({ max: MAX_PEOPLE });
  return {
    note(user) {
      const before = told.get(user.id) ?? NOTHING;
      const { username, isAnonymous } = user;
      told.set(user.id, {
        username,
        isAnonymous,
        isActive: true,
        showOnlineStatus: true,
        showLastSeen: before.showLastSeen || user.showLastSeen,
      });
    },
    of: (userId) => told.get(userId) ?? NOTHING,
    forget: (userId) => void told.delete(userId),
  };
}
