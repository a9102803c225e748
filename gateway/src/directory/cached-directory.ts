import type {
  AnonymousSession,
  ConversationSummary,
  Directory,
  DirectoryUser,
  Person,
  PresenceStore,
  StoredPresence,
} from "@meeshy/shared/directory";
import type { Profile } from "@meeshy/shared/events";
import { isAnonymousId } from "@meeshy/shared/ids";
import { within } from "@meeshy/shared/within";
import { byCodeUnits } from "../core/member-order.ts";
import { toProfile } from "../core/profile.ts";
import { orUnavailable } from "../core/unavailable.ts";
import { batched } from "./batched.ts";
import { type CutList, toBlocks, withBoundedLists } from "./bounded-lists.ts";
import { createLoader, type Load, type Loader } from "./loader.ts";
import { createSessionReads } from "./session-reads.ts";

/** What decides who a person is to others, and who others are to them. */
export interface KnownPerson {
  /** `undefined`: there is no such person, and the rest is empty */
  user: DirectoryUser | undefined;
  conversationIds: string[];
  /** whom the person has blocked or who has blocked them */
  blocked: ReadonlySet<string>;
}

/** People, memberships, blocks and stored presence as every part of the gateway reads them. */
export interface CachedDirectory {
  users: Loader<DirectoryUser>;
  conversations: Loader<ConversationSummary[]>;
  /** in the order of their ids */
  members: Loader<string[]>;
  /** how many members each conversation has */
  memberCounts: Loader<{ total: number }>;
  /** whom a person has blocked or who has blocked them */
  blocks: Loader<ReadonlySet<string>>;
  presences: Loader<StoredPresence>;
  sessions: Loader<AnonymousSession>;
  /**
   * A person as known, the account at most {@link ACCOUNT_MAX_AGE_MS} old. Where the source describes people in one
   * statement, that one is asked, and brings the stored presence too: reads of it that begin meanwhile share the answer.
   * Otherwise each part is asked for.
   * @throws {PresenceError} `unavailable` when a part is not known and cannot be read
   */
  person(userId: string): Promise<KnownPerson>;
  /** What workers have to know of a person, past every cache; `undefined`: there is none. Rejects with `unavailable`. */
  readProfile(userId: string): Promise<Profile | undefined>;
  /**
   * Registered people as they are now, past every cache; unknown ones are absent. Where the source describes people in
   * one statement, that one is asked. Rejects when it cannot be read in time.
   */
  readPeople(userIds: readonly string[]): Promise<Map<string, KnownPerson>>;
  /** Accounts as they are now, past every cache, by id. Rejects when they cannot be read in time. */
  readAccounts(userIds: readonly string[]): Promise<Map<string, DirectoryUser>>;
  /** With whom these people are blocked now; rejects when the directory cannot be read. */
  readBlocks(userIds: readonly string[]): Promise<Map<string, ReadonlySet<string>>>;
  /** The good ones of these sessions, past every cache, by token. Rejects when they cannot be read in time. */
  readSessions(sessionTokens: readonly string[]): Promise<Map<string, AnonymousSession>>;
  /** Whether many people can be read at the price of one. */
  readsPeopleTogether: boolean;
  /** Reads the members of these conversations, so that they can be peeked at. Rejects when they cannot be read. */
  prefetchMembers(conversationIds: readonly string[]): Promise<void>;
  /** Nothing that was read of this person before counts any more, answers that are still on their way included. */
  forgetPerson(userId: string): void;
}

const TTL_MS = 30_000;
/** Age up to which the own row of a connecting user may come from the cache: a deactivated account is out soon. */
export const ACCOUNT_MAX_AGE_MS = 2_000;
/** The database follows the status within 2 s: an older row is worth reading again. */
const PRESENCE_TTL_MS = 1_000;
/** Rooms that grow large, or cease to be, are noticed in this time. */
const COUNT_TTL_MS = 10_000;
const DEADLINE_MS = 2_000;
const MAX_PEOPLE = 100_000;
const MAX_CONVERSATIONS = 10_000;
const MAX_COUNTS = 100_000;

const inTime = <V>(answer: Promise<V>): Promise<V> => within(answer, DEADLINE_MS);

/** `onCut`: called for each answer with a list that is longer than what is read of it. */
export function createCachedDirectory(
  given: Directory & PresenceStore,
  onCut: (list: CutList) => void = () => {},
): CachedDirectory {
  const source = withBoundedLists(given, onCut);
  const ofPeople = { max: MAX_PEOPLE, ttlMs: TTL_MS };
  const users = createLoader({ ...ofPeople, load: batched((ids) => inTime(source.users(ids))) });
  const { conversationsOf } = source;
  const conversations = createLoader({
    ...ofPeople,
    load: conversationsOf
      ? batched((ids) => inTime(conversationsOf(ids)))
      : (id) => inTime(source.conversations(id)),
  });
  const blocks = createLoader<ReadonlySet<string>>({
    ...ofPeople,
    load: async (id) => toBlocks(await inTime(source.blocks(id))),
  });
  const presences = createLoader({
    ...ofPeople,
    ttlMs: PRESENCE_TTL_MS,
    load: batched((ids) => inTime(source.presences(ids))),
  });
  const members = createLoader({
    ...ofPeople,
    max: MAX_CONVERSATIONS,
    load: async (conversationId) =>
      [...new Set(await inTime(source.members(conversationId)))].sort(byCodeUnits),
  });
  const counts = batched((ids) => inTime(source.memberCounts(ids)));
  const whole = wholePeople(source);
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
      max: MAX_COUNTS,
      ttlMs: COUNT_TTL_MS,
      load: async (id) => {
        const total = await counts(id);
        return total === undefined ? undefined : { total };
      },
    }),
    sessions: createLoader({
      ...ofPeople,
      absentMs: ACCOUNT_MAX_AGE_MS,
      load: createSessionReads((tokens) => inTime(source.anonymousSessions(tokens))),
    }),
    async person(userId) {
      const by = isAnonymousId(userId) ? undefined : whole;
      const account = users.get(userId, ACCOUNT_MAX_AGE_MS, by?.user);
      if (by) presences.get(userId, PRESENCE_TTL_MS, by.presence).catch(() => {});
      else if (!(await account)) return { user: undefined, conversationIds: [], blocked: new Set() };
      const [user, theirs, blocked] = await Promise.all([
        account,
        conversations.get(userId, TTL_MS, by?.conversations),
        blocks.get(userId, TTL_MS, by?.blocks),
      ]);
      return { user, conversationIds: idsOf(theirs ?? []), blocked: blocked ?? new Set() };
    },
    async readProfile(userId) {
      const person = await orUnavailable(() => readNow(source, userId));
      if (!person) return undefined;
      const { user, conversations, presence } = person;
      return toProfile({ user, conversationIds: idsOf(conversations), stored: presence });
    },
    async readPeople(userIds) {
      const people = await inTime(source.people ? source.people(userIds) : eachPerson(source, userIds));
      return new Map(
        [...people].map(([id, { user, conversations, blocks }]) => [
          id,
          { user, conversationIds: idsOf(conversations), blocked: toBlocks(blocks) },
        ]),
      );
    },
    async readBlocks(userIds) {
      const lists = await inTime(source.blocksOf ? source.blocksOf(userIds) : eachBlocks(source, userIds));
      return new Map([...lists].map(([id, blocks]) => [id, toBlocks(blocks)]));
    },
    readAccounts: (userIds) => inTime(source.users(userIds)),
    readSessions: (sessionTokens) => inTime(source.anonymousSessions(sessionTokens)),
    readsPeopleTogether: source.people !== undefined,
    async prefetchMembers(conversationIds) {
      if (source.contacts) {
        const forgotten = new Set<string>();
        forgottenMeanwhile.add(forgotten);
        try {
          for (const user of await source.contacts(conversationIds))
            if (!forgotten.has(user.id)) users.prime(user.id, user);
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

const idsOf = (conversations: readonly ConversationSummary[]) => conversations.map(({ id }) => id);

/** Loads of each part by the one statement that brings them all: those of one turn of the event loop ask it once. */
function wholePeople(source: PresenceStore) {
  const { people: read } = source;
  if (!read) return undefined;
  const people = batched((ids) => inTime(read(ids)));
  const part =
    <V>(pick: (person: Person) => V): Load<V> =>
    (userId) =>
      people(userId).then((person) => person && pick(person));
  return {
    user: part(({ user }) => user),
    conversations: part(({ conversations }) => conversations),
    blocks: part(({ blocks }) => toBlocks(blocks)),
    presence: part(({ presence }) => presence),
  };
}

/** Past every cache, in one statement where the source has it. */
async function readNow(
  source: Directory & PresenceStore,
  userId: string,
): Promise<(Pick<Person, "user" | "conversations"> & { presence: StoredPresence | undefined }) | undefined> {
  if (source.people && !isAnonymousId(userId)) return (await source.people([userId])).get(userId);
  const [users, conversations, presences] = await Promise.all([
    source.users([userId]),
    source.conversations(userId),
    source.presences([userId]),
  ]);
  const user = users.get(userId);
  return user && { user, conversations, presence: presences.get(userId) };
}

/** Those of the people whom a source without one statement for all knows. */
async function eachPerson(
  source: Directory,
  userIds: readonly string[],
): Promise<Map<string, Pick<Person, "user" | "conversations" | "blocks">>> {
  const users = await source.users(userIds);
  const people = await Promise.all(
    [...users].map(async ([id, user]) => {
      const [conversations, blocks] = await Promise.all([source.conversations(id), source.blocks(id)]);
      return [id, { user, conversations, blocks }] as const;
    }),
  );
  return new Map(people);
}

const eachBlocks = async (source: Directory, userIds: readonly string[]): Promise<Map<string, string[]>> =>
  new Map(await Promise.all(userIds.map(async (id) => [id, await source.blocks(id)] as const)));
