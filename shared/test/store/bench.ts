import type { DirectoryUser, DirectoryWriter, StoredPresence } from "../../src/directory.ts";
import type { Store } from "../../src/ports/store.ts";

/** An empty store for one case, and what an application writes into its tables by itself. */
export interface StoreBench {
  store: Store;
  writer: DirectoryWriter;
  /** Registered people with the defaults of the columns, `name of <id>` each. */
  addUsers(...ids: string[]): Promise<void>;
  changeUser(id: string, changes: Partial<Pick<DirectoryUser, "displayName" | "role">>): Promise<void>;
  /** A conversation, its share link `<id>-link`, and anonymous participants of it, `session of <id>` each. */
  addConversation(id: string, people?: { members?: string[]; guests?: string[] }): Promise<void>;
  /** Sets dates, which a write of presence never moves back, and what it would refuse. */
  setPresence(id: string, changes: StoredChanges): Promise<void>;
  setLink(id: string, changes: { isActive?: boolean; expiresAt?: number | null }): Promise<void>;
  /** Messages of `ann` in the conversation, sent at these times, ms since 1970, their place in the list for content. */
  addMessages(conversationId: string, times: readonly number[]): Promise<void>;
}

type StoredChanges = Partial<
  Pick<StoredPresence, "isOnline" | "epoch" | "version"> & { lastActiveAt: number; lastSeen: number }
>;

/** Makes the store empty, and gives it. `addsRows`: the people are in an application's own directory. */
export type Fresh = (options?: { addsRows?: boolean }) => Promise<StoreBench>;
