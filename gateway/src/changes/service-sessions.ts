import { PresenceError } from "@meeshy/shared/codes";
import { toIso } from "@meeshy/shared/iso-time";
import type { SessionRequest } from "@meeshy/shared/service-requests";
import { MAX_ID_LENGTH } from "@meeshy/shared/subjects";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { PublishUnnumbered } from "../log/unnumbered-publisher.ts";

/**
 * Keeps a person online without a socket for a time, or no longer (CONTRACT 7). Gives when that ends by itself, by the
 * log's clock; null: it has ended. Rejects with `not_found` (no such person) or `unavailable`.
 */
export type KeepSession = (request: SessionRequest) => Promise<{ expiresAt: string | null }>;

export interface SessionDeps {
  publishUnnumbered: PublishUnnumbered;
  directory: Pick<CachedDirectory, "readProfile">;
  /** the log's clock, ms since 1970; `undefined`: not known yet */
  logTime: () => number | undefined;
}

export function createServiceSessions({ publishUnnumbered, directory, logTime }: SessionDeps): KeepSession {
  return async ({ userId, sessionId, ttlS, device, keepOnline = false }) => {
    const profile = userId.length <= MAX_ID_LENGTH ? await directory.readProfile(userId) : undefined;
    if (!profile) throw new PresenceError("not_found", "There is no such person.");
    await publishUnnumbered(userId, {
      type: "session",
      sessionId,
      ttlS,
      device: device ?? null,
      keepOnline,
      profile,
    });
    if (ttlS === 0) return { expiresAt: null };
    const now = logTime();
    if (now === undefined) throw new PresenceError("unavailable", "The log's time is not known yet.");
    return { expiresAt: toIso(Math.floor(now + ttlS * 1_000)) };
  };
}
