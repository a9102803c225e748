import { PresenceError } from "@meeshy/shared/codes";
import type { Directory, DirectoryWriter, Preferences } from "@meeshy/shared/directory";
import type { Identity } from "../auth/authenticate.ts";
import { orUnavailable } from "../core/unavailable.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { DirectoryChanges } from "./directory-changes.ts";

/**
 * What people change in the directory by themselves, and read of it (CONTRACT 5). Rejects with `not_implemented` where the
 * directory belongs to an application, `forbidden`, `not_found`, or `unavailable`.
 */
export interface SelfService {
  setPreferences(caller: Identity, changes: Partial<Preferences>): Promise<Preferences>;
  /** A stranger and an unknown id are blocked alike: neither the answer nor its time says whether a person exists. */
  setBlocked(caller: Identity, userId: string, isBlocked: boolean): Promise<void>;
  /** The ids that the caller has blocked, those behind `after`, in the order of the ids, at most `limit`. */
  blocked(caller: Identity, page: { after: string; limit: number }): Promise<string[]>;
  /**
   * Members may add people who share a conversation with them already, leave by themselves and come back; administrators
   * may do all. To everyone else there is no such conversation, and no such person.
   */
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
    throw new PresenceError(
      "not_implemented",
      "People and conversations are kept by the application: change them there.",
    );
  };

  const addMember = async ({ user, isAdmin }: Identity, conversationId: string, userId: string) => {
    if (!isAdmin && user.isAnonymous) throw forbidden("Anonymous participants cannot add members.");
    await writer().addMember(conversationId, userId, ...(isAdmin ? [] : [user.id]));
  };

  const removeMember = async ({ user, isAdmin }: Identity, conversationId: string, userId: string) => {
    const isOther = !isAdmin && userId !== user.id;
    if (!isAdmin) await requireMember(user.id, conversationId);
    if (isOther) throw forbidden("Members leave by themselves.");
    await writer().removeMember(conversationId, userId);
  };

  const requireMember = async (userId: string, conversationId: string) => {
    const own = await source.conversations(userId);
    if (!own.some(({ id }) => id === conversationId)) throw noSuchConversation();
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
        await (isBlocked ? write.block(user.id, userId) : write.unblock(user.id, userId));
        // What strangers are to each other does not change; should they meet, gateways read one of them anew.
        if (await write.shareConversation(user.id, userId))
          await Promise.all([changes.announce(user.id), changes.announce(userId)]);
        else for (const id of [user.id, userId]) directory.forgetPerson(id);
      }),

    blocked: ({ user }, page) =>
      orUnavailable(async () => {
        const write = writer();
        requireRegistered(user);
        return write.blockedBy(user.id, page);
      }),

    setMember: (caller, conversationId, userId, isMember) =>
      orUnavailable(async () => {
        writer();
        const change = isMember ? addMember : removeMember;
        await change(caller, conversationId, userId);
        directory.members.forget(conversationId);
        directory.memberCounts.forget(conversationId);
        await changes.announce(userId);
      }),
  };
}

function requireRegistered({ isAnonymous }: Identity["user"]): void {
  if (isAnonymous) throw forbidden("Anonymous participants have no settings.");
}

const noSuchConversation = () => new PresenceError("not_found", "There is no such person or conversation.");
const forbidden = (message: string) => new PresenceError("forbidden", message);
