import type { DirectoryUser, StoredPresence } from "../../src/directory.ts";
import type { Store } from "../../src/ports/store.ts";
import type { ChatMessage } from "../../src/socket-events.ts";
import { createMemoryChat } from "./chat.ts";
import { createMemoryDirectory } from "./directory.ts";
import { createMemoryHistory } from "./history.ts";
import { createMemoryPeopleList } from "./people-list.ts";
import { createMemoryPresence, createMemoryProgress } from "./presence.ts";
import { type MemoryTables, newPerson } from "./tables.ts";

/** A store in memory, and what an application writes into its tables by itself. */
export interface MemoryStore extends Store {
  addUser(user: Partial<DirectoryUser> & { id: string }, presence?: Partial<StoredPresence>): void;
  /** A conversation, its share link `<id>-link`, and anonymous participants of it, `session of <id>` each. */
  addConversation(id: string, people?: { members?: string[]; guests?: string[] }): void;
  setPresence(userId: string, presence: Partial<StoredPresence>): void;
  setLink(id: string, changes: { isActive?: boolean; expiresAt?: number | null }): void;
  addMessages(messages: readonly ChatMessage[]): void;
}

export interface MemoryStoreOptions {
  /** the store's own clock, ms since 1970 */
  now: () => number;
  /** as `PostgresStoreOptions.addsRows` */
  addsRows?: boolean;
}

/** The ports of {@link Store} on tables in memory. Each call takes effect at once, before its promise is returned. */
export function createMemoryStore({ now, addsRows = false }: MemoryStoreOptions): MemoryStore {
  const tables: MemoryTables = {
    people: new Map(),
    conversations: new Map(),
    memberships: new Map(),
    shareLinks: new Map(),
    blocks: new Map(),
    messages: [],
    history: new Map(),
    progress: new Map(),
    now,
  };
  const { people, conversations, memberships, shareLinks, blocks, messages } = tables;
  const history = createMemoryHistory(tables);
  return {
    directory: createMemoryDirectory(tables),
    people: createMemoryPeopleList(tables),
    presence: createMemoryPresence(tables, { addsRows }),
    progress: createMemoryProgress(tables),
    chat: createMemoryChat(tables),
    history,
    erasure: {
      async erase(userId) {
        people.delete(userId);
        memberships.delete(userId);
        blocks.delete(userId);
        for (const blocked of blocks.values()) blocked.delete(userId);
        await history.erase(userId);
      },
    },

    addUser: (user, presence = {}) => void people.set(user.id, newPerson(user, presence, now())),
    addConversation(id, { members = [], guests = [] } = {}) {
      conversations.set(id, { id, title: `title of ${id}` });
      shareLinks.set(`${id}-link`, { conversationId: id, isActive: true, expiresAt: null });
      for (const member of members)
        memberships.set(member, (memberships.get(member) ?? new Map()).set(id, true));
      for (const guest of guests)
        people.set(guest, {
          ...newPerson({ id: guest, username: `name of ${guest}` }, {}, now()),
          guest: { sessionToken: `session of ${guest}`, shareLinkId: `${id}-link`, conversationId: id },
        });
    },
    setPresence(userId, presence) {
      const person = people.get(userId);
      if (person) people.set(userId, { ...person, presence: { ...person.presence, ...presence } });
    },
    setLink(id, changes) {
      const link = shareLinks.get(id);
      if (link) shareLinks.set(id, { ...link, ...changes });
    },
    addMessages: (given) => void messages.push(...given),
  };
}
