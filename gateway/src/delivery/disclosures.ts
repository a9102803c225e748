import { createBoundedCache } from "@meeshy/shared/bounded-cache";
import type { DirectoryUser } from "@meeshy/shared/directory";
import type { SubjectPreferences } from "../core/visibility.ts";

/**
 * How openly each person has been shown to this gateway's sockets since what viewers see was last corrected. What the
 * directory's cache held before a change cannot say: it may have been renewed in between.
 */
export interface DisclosureLedger {
  /** A viewer has been shown this person, under these preferences. */
  note(user: DirectoryUser): void;
  /** The most that any viewer may have seen; nothing of a person who was shown to none. */
  of(userId: string): SubjectPreferences;
  /** Every viewer has been corrected: from now on only later disclosures count. */
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

export function createDisclosureLedger(): DisclosureLedger {
  const shown = createBoundedCache<SubjectPreferences>({ max: MAX_PEOPLE });
  return {
    note(user) {
      const before = shown.get(user.id) ?? NOTHING;
      const { username, isAnonymous } = user;
      shown.set(user.id, {
        username,
        isAnonymous,
        isActive: true,
        showOnlineStatus: true,
        showLastSeen: before.showLastSeen || user.showLastSeen,
      });
    },
    of: (userId) => shown.get(userId) ?? NOTHING,
    forget: (userId) => void shown.delete(userId),
  };
}
