import type { Directory, DirectoryUser, Newcomer, PresenceStore } from "@meeshy/shared/directory";
import { expect, it, vi } from "vitest";
import { createCachedDirectory } from "../../src/directory/cached-directory.ts";

const ann: Newcomer = {
  user: {
    id: "ann",
    username: "ann",
    displayName: null,
    role: "USER",
    isAnonymous: false,
    isActive: true,
    showOnlineStatus: true,
    showLastSeen: true,
  },
  conversations: [{ id: "room", title: null }],
  blocks: ["bob"],
  presence: {
    userId: "ann",
    isOnline: false,
    lastActiveAt: null,
    lastSeen: null,
    availability: "available",
    statusText: null,
    availabilityExpiresAt: null,
    epoch: 1,
    version: 0,
  },
};

/** A source that notes what it is asked. */
function source(newcomers?: PresenceStore["newcomers"], contacts?: PresenceStore["contacts"]) {
  const asked: string[] = [];
  const note =
    <T>(what: string, answer: T) =>
    async () => {
      asked.push(what);
      return answer;
    };
  const directory = {
    users: note("users", new Map([["ann", ann.user]])),
    conversations: note("conversations", ann.conversations),
    blocks: note("blocks", ann.blocks),
    presences: note("presences", new Map([["ann", ann.presence]])),
    members: note("members", ["ann"]),
    ...(contacts ? { contacts } : {}),
    ...(newcomers
      ? {
          newcomers: (ids: readonly string[]) => {
            asked.push("newcomers");
            return newcomers(ids);
          },
        }
      : {}),
  } as unknown as Directory & PresenceStore;
  return { asked, directory: createCachedDirectory(directory) };
}

const readAll = async ({
  users,
  conversations,
  blocks,
  presences,
}: ReturnType<typeof createCachedDirectory>) => ({
  user: await users.get("ann"),
  conversations: await conversations.get("ann"),
  blocks: [...((await blocks.get("ann")) ?? [])],
  presence: await presences.get("ann"),
});

it("asks one question about somebody who connects, and none while all is fresh", async () => {
  const { asked, directory } = source(async () => new Map([["ann", ann]]));
  directory.meet("ann");
  expect(await readAll(directory)).toEqual(ann);
  directory.meet("ann");
  expect(asked).toEqual(["newcomers"]);
});

it("asks for each part where the source has no such question, or the person is anonymous", async () => {
  const plain = source();
  plain.directory.meet("ann");
  expect(await readAll(plain.directory)).toEqual(ann);
  expect(plain.asked.sort()).toEqual(["blocks", "conversations", "presences", "users"]);
  const { asked, directory } = source(async () => new Map());
  directory.meet("anon_1");
  expect(asked).toEqual([]);
});

it("knows nobody whom the answer does not name, and reads again who was forgotten meanwhile", async () => {
  const unknown = source(async () => new Map());
  unknown.directory.meet("ann");
  expect(await unknown.directory.users.get("ann")).toBeUndefined();
  const late = Promise.withResolvers<Map<string, Newcomer>>();
  const { asked, directory } = source(() => late.promise);
  directory.meet("ann");
  directory.forgetPerson("ann");
  late.resolve(new Map([["ann", { ...ann, conversations: [] }]]));
  expect(await directory.conversations.get("ann")).toEqual(ann.conversations);
  expect(asked).toEqual(["newcomers", "conversations"]);
});

it("gets to know the members of conversations, by one question or by several", async () => {
  const one = source(undefined, async () => [ann.user]);
  await one.directory.getToKnow(["room"]);
  expect(await one.directory.users.get("ann")).toEqual(ann.user);
  expect(one.asked).toEqual([]);
  const several = source();
  await several.directory.getToKnow(["room"]);
  expect(several.directory.users.peek("ann")).toEqual(ann.user);
  expect(several.asked).toEqual(["members", "users"]);
});

it("does not get to know, by an answer from before, who was forgotten meanwhile", async () => {
  const late = Promise.withResolvers<DirectoryUser[]>();
  const { directory } = source(undefined, () => late.promise);
  const knowing = directory.getToKnow(["room"]);
  directory.forgetPerson("ann");
  late.resolve([ann.user, { ...ann.user, id: "bob" }]);
  await knowing;
  await directory.users.get("bob");
  expect(directory.users.peek("bob")?.id).toBe("bob");
  expect(directory.users.peek("ann")).toBeUndefined();
});

it("does not wait for ever for the question about somebody who connects", async () => {
  vi.useFakeTimers();
  const { directory } = source(() => new Promise(() => {}));
  directory.meet("ann");
  const asked = [directory.users.get("ann"), directory.blocks.get("ann")];
  const refused = Promise.all(asked.map((one) => expect(one).rejects.toMatchObject({ code: "unavailable" })));
  await vi.advanceTimersByTimeAsync(2_000);
  await refused;
  vi.useRealTimers();
});
