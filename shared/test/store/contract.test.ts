import { randomUUID } from "node:crypto";
import { describe } from "vitest";
import { createMemoryStore } from "../../testing/memory/store.ts";
import type { Fresh } from "./bench.ts";
import { describeChat } from "./chat.ts";
import { describeHistory } from "./history.ts";
import { describePeople } from "./people.ts";
import { describePeopleList } from "./people-list.ts";
import { describePresence } from "./presence.ts";
import { describeChanges } from "./writer.ts";

const fresh: Fresh = async (options) => {
  const store = createMemoryStore({ now: Date.now, ...options });
  const { writer } = store.directory;
  if (!writer) throw new Error("the directory has no writer");
  return {
    store,
    writer,
    async addUsers(...ids) {
      for (const id of ids) store.addUser({ id, username: `name of ${id}` });
    },
    async changeUser(id, changes) {
      store.addUser({ id, username: `name of ${id}`, ...changes });
    },
    addConversation: async (id, people) => store.addConversation(id, people),
    setPresence: async (id, changes) => store.setPresence(id, changes),
    setLink: async (id, changes) => store.setLink(id, changes),
    addMessages: async (conversationId, times) =>
      store.addMessages(
        times.map((time, index) => ({
          ...{ id: randomUUID(), conversationId, senderId: "ann", content: `${index}` },
          createdAt: new Date(time).toISOString(),
        })),
      ),
  };
};

describe("the store in memory", () => {
  describePeople(fresh);
  describePeopleList(fresh);
  describeChanges(fresh);
  describePresence(fresh);
  describeHistory(fresh);
  describeChat(fresh);
});
