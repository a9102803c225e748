import { describe } from "vitest";
import { createPostgresStore } from "../../src/db/store.ts";
import { isAnonymousId } from "../../src/ids.ts";
import { addConversation, addUsers, useDatabase } from "../db/use-database.ts";
import type { Fresh } from "./bench.ts";
import { describeChat } from "./chat.ts";
import { describeHistory } from "./history.ts";
import { describePeople } from "./people.ts";
import { describePeopleList } from "./people-list.ts";
import { describePresence } from "./presence.ts";
import { describeChanges } from "./writer.ts";

const database = useDatabase();

const dateOf = (ms: number | undefined) => (ms === undefined ? undefined : new Date(ms));

const fresh: Fresh = async (options) => {
  const { db } = database;
  const tables = [db.user, db.conversation, db.message, db.presenceTransition, db.presenceLog];
  for (const table of tables) await (table as typeof db.user).deleteMany();
  const store = createPostgresStore(db, options);
  const { writer } = store.directory;
  if (!writer) throw new Error("the directory has no writer");
  return {
    store,
    writer,
    addUsers: (...ids) => addUsers(db, ...ids),
    async changeUser(id, data) {
      await db.user.update({ where: { id }, data });
    },
    addConversation: (id, people) => addConversation(db, id, people),
    async setPresence(id, { isOnline, lastActiveAt, lastSeen, epoch, version }) {
      const common = { isOnline, lastActiveAt: dateOf(lastActiveAt), presenceEpoch: epoch };
      const presenceVersion = version === undefined ? undefined : BigInt(version);
      if (isAnonymousId(id))
        await db.anonymousParticipant.update({
          where: { id },
          data: defined({ ...common, presenceVersion, lastSeenAt: dateOf(lastSeen) }),
        });
      else
        await db.user.update({
          where: { id },
          data: defined({ ...common, presenceVersion, lastSeen: dateOf(lastSeen) }),
        });
    },
    async setLink(id, { isActive, expiresAt }) {
      const expires = expiresAt === null ? null : dateOf(expiresAt);
      await db.shareLink.update({ where: { id }, data: defined({ isActive, expiresAt: expires }) });
    },
    async addMessages(conversationId, times) {
      await db.message.createMany({
        data: times.map((time, index) => ({
          ...{ conversationId, senderId: "ann", content: `${index}`, createdAt: new Date(time) },
        })),
      });
    },
  };
};

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The fields that are given. */
const defined = <T extends object>(fields: T): Defined<T> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;

describe("the store on PostgreSQL", () => {
  describePeople(fresh);
  describePeopleList(fresh);
  describeChanges(fresh);
  describePresence(fresh);
  describeHistory(fresh);
  describeChat(fresh);
});
