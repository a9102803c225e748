import { PresenceError } from "@meeshy/shared/codes";
import type { Directory, DirectoryWriter, Preferences } from "@meeshy/shared/directory";
import type { Identity } from "../auth/authenticate.ts";
import { orUnavailable } from "../core/unavailable.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { DirectoryChanges } from "./directory-changes.ts";

/**
 * What people change in the directory by themselves (CONTRACT 5). Rejects with `not_implemented` where the
 * directory belongs to an application, `forbidden`, `not_found`, or `unavailable`.
 */
export interface SelfService {
  setPreferences(caller: Identity, changes: Partial<Preferences>): Promise<Preferences>;
  /** Of a stranger as of nobody: whether someone exists is not told. */
  setBlocked(caller: Identity, userId: string, isBlocked: boolean): Promise<void>;
  /** Members may add others and leave by themselves, administrators may do all. */
  setMember(caller: Identity, conversationId: string, userId: string, isMember: boolean): Promise<void>;
}

export interface SelfServiceDeps {
  source: Directory;
  directory: CachedDirectory;
  changes: DirectoryChanges;
}

export function createSelfService({ source, directory, changes }: SelfServiceDeps): SelfService {
  const writer = (): DirectoryWriter => {
    if (source.writer) return source.writer;
    throw new PresenceError("not_implemented", "Here the application's own directory is changed by itself.");
  };

  const mayChangeMember = async (
    { user, isAdmin }: Identity,
    conversationId: string,
    userId: string,
    isMember: boolean,
  ) => {
    if (isAdmin) return;
    const own = await source.conversations(user.id);
    if (!own.some(({ id }) => id === conversationId))
      throw new PresenceError("not_found", "There is no such conversation.");
    if (isMember && user.isAnonymous) throw forbidden("Anonymous participants add nobody.");
    if (!isMember && userId !== user.id) throw forbidden("Members leave by themselves.");
  };

  return {
    setPreferences: ({ user }, preferences) =>
      orUnavailable(async () => {
        const write = writer();
        requireRegistered(user);
        const now = await write.setPreferences(user.id, preferences);
        await changes.announce(user.id);
        return now;
      }),

    setBlocked: ({ user }, userId, isBlocked) =>
      orUnavailable(async () => {
        const write = writer();
        requireRegistered(user);
        try {
          await (isBlocked ? write.block(user.id, userId) : write.unblock(user.id, userId));
        } catch (error) {
          if (error instanceof PresenceError && error.code === "not_found") return;
          throw error;
        }
        await Promise.all([changes.announce(user.id), changes.announce(userId)]);
      }),

    setMember: (caller, conversationId, userId, isMember) =>
      orUnavailable(async () => {
        const write = writer();
        await mayChangeMember(caller, conversationId, userId, isMember);
        await (isMember
          ? write.addMember(conversationId, userId)
          : write.removeMember(conversationId, userId));
        directory.members.forget(conversationId);
        directory.memberCounts.forget(conversationId);
        await changes.announce(userId);
      }),
  };
}

function requireRegistered({ isAnonymous }: Identity["user"]): void {
  if (isAnonymous) throw forbidden("Anonymous participants have no settings.");
}

const forbidden = (message: string) => new PresenceError("forbidden", message);
