import { isAnonymousId } from "@meeshy/shared/db/ids";
import type {
  AnonymousSession,
  ConversationSummary,
  Directory,
  DirectoryUser,
  PresenceStore,
  StoredPresence,
} from "@meeshy/shared/directory";
import { createLoader, type Loader, oneByOne } from "./loader.ts";
import { within } from "./within.ts";

/** People, memberships, blocks and stored presence as every part of the gateway reads them. */
export interface CachedDirectory {
  users: Loader<DirectoryUser>;
  conversations: Loader<ConversationSummary[]>;
  members: Loader<string[]>;
  /** how many members each conversation has */
  memberCounts: Loader<{ total: number }>;
  /** whom a person has blocked or who has blocked them */
  blocks: Loader<ReadonlySet<string>>;
  presences: Loader<StoredPresence>;
  sessions: Loader<AnonymousSession>;
  /** Somebody connects: what is not known of them is asked for in one question, where the source has one. */
  meet(userId: string): void;
  /** Reads the members of these conversations, so that they can be peeked at. Rejects when they cannot be read. */
  getToKnow(conversationIds: readonly string[]): Promise<void>;
  /** Nothing that was read of this person before counts any more, answers that are still on their way included. */
  forgetPerson(userId: string): void;
}

const TTL_MS = 30_000;
/** Age up to which the own row of somebody who connects may come from the cache: a deactivated account is out soon. */
export const ACCOUNT_MAX_AGE_MS = 2_000;
/** The database follows the status within 2 s: an older row is worth reading again. */
const PRESENCE_TTL_MS = 1_000;
/** Rooms that grow large, or cease to be, are noticed in this time. */
const COUNT_TTL_MS = 10_000;
const DEADLINE_MS = 2_000;
const MAX_PEOPLE = 100_000;
const MAX_CONVERSATIONS = 10_000;
const MAX_COUNTS = 100_000;

export function createCachedDirectory(source: Directory & PresenceStore): CachedDirectory {
  const people = { max: MAX_PEOPLE, ttlMs: TTL_MS, deadlineMs: DEADLINE_MS };
  const users = createLoader({ ...people, load: (ids) => source.users(ids) });
  const conversations = createLoader({ ...people, load: oneByOne((id) => source.conversations(id)) });
  const blocks = createLoader<ReadonlySet<string>>({
    ...people,
    load: oneByOne(async (id) => new Set(await source.blocks(id))),
  });
  const presences = createLoader({
    ...people,
    ttlMs: PRESENCE_TTL_MS,
    load: (ids) => source.presences(ids),
  });
  const members = createLoader({
    ...people,
    max: MAX_CONVERSATIONS,
    load: oneByOne((conversationId) => source.members(conversationId)),
  });
  /** for each question about contacts that is under way, who was forgotten since it was asked */
  const forgottenMeanwhile = new Set<Set<string>>();
  const ofPerson = [users, conversations, blocks, presences];
  return {
    users,
    conversations,
    blocks,
    presences,
    members,
    memberCounts: createLoader({
      ...people,
      max: MAX_COUNTS,
      ttlMs: COUNT_TTL_MS,
      load: async (ids) => {
        const counts = await source.memberCounts(ids);
        return new Map([...counts].map(([id, total]) => [id, { total }]));
      },
    }),
    sessions: createLoader({ ...people, load: oneByOne((token) => source.anonymousSession(token)) }),
    meet(userId) {
      if (!source.newcomers || isAnonymousId(userId)) return;
      if (ofPerson.filter((known) => known.needs(userId, ACCOUNT_MAX_AGE_MS)).length < 2) return;
      const found = within(source.newcomers([userId]), DEADLINE_MS);
      const answer = found.then((people) => people.get(userId));
      users.expect(
        userId,
        answer.then((it) => it?.user),
      );
      conversations.expect(
        userId,
        answer.then((it) => it?.conversations),
      );
      blocks.expect(
        userId,
        answer.then((it) => it && new Set(it.blocks)),
      );
      presences.expect(
        userId,
        answer.then((it) => it?.presence),
      );
    },
    async getToKnow(conversationIds) {
      if (source.contacts) {
        const forgotten = new Set<string>();
        forgottenMeanwhile.add(forgotten);
        try {
          for (const user of await source.contacts(conversationIds))
            if (!forgotten.has(user.id)) users.learn(user.id, user);
        } finally {
          forgottenMeanwhile.delete(forgotten);
        }
        return;
      }
      const lists = await members.getMany(conversationIds);
      await users.getMany([...lists.values()].flat());
    },
    forgetPerson(userId) {
      for (const known of ofPerson) known.forget(userId);
      for (const forgotten of forgottenMeanwhile) forgotten.add(userId);
    },
  };
}
