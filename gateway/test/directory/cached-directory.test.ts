import type { Directory, DirectoryUser, Person, PresenceStore } from "@meeshy/shared/directory";
import { expect, it, vi } from "vitest";
import { createCachedDirectory } from "../../src/directory/cached-directory.ts";

const ann: Person = {
  user: {
    id: "ann",
    username: "ann",
    displayName: null,
    role: "USER",
    isAnonymous: false,
    isActive: true,
    showOnlineStatus: true,
    showLastSeen: true,
    sessionsRevokedAt: null,
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
function source(given: Partial<Directory & PresenceStore> = {}) {
  const asked: string[] = [];
  const all: Partial<Directory & PresenceStore> = {
    users: async () => new Map([["ann", ann.user]]),
    conversations: async () => ann.conversations,
    blocks: async () => ann.blocks,
    presences: async () => new Map([["ann", ann.presence]]),
    members: async () => ["ann"],
    ...given,
  };
  const noted = Object.entries(all).map(([what, read]) => [
    what,
    (of: never) => {
      asked.push(what);
      return (read as (of: never) => unknown)(of);
    },
  ]);
  return {
    asked,
    directory: createCachedDirectory(Object.fromEntries(noted) as Directory & PresenceStore),
  };
}
const people = async () => new Map([["ann", ann]]);
const away = () => Promise.reject(new Error("away"));

const known = { user: ann.user, conversationIds: ["room"], blocked: new Set(["bob"]) };
const unknown = { user: undefined, conversationIds: [], blocked: new Set() };

it("reads all about a person by one statement, presence included, and nothing while all is fresh", async () => {
  const { asked, directory } = source({ people });
  const [person, presence] = await Promise.all([
    directory.person("ann"),
    directory.presences.getFresh(["ann"], 1_000),
  ]);
  expect(person).toEqual(known);
  expect(presence.get("ann")).toEqual(ann.presence);
  expect(await directory.person("ann")).toEqual(known);
  expect(await directory.users.get("ann")).toEqual(ann.user);
  expect(asked).toEqual(["people"]);
});

it("asks for each part where the source has no such statement, or the person is anonymous", async () => {
  const plain = source();
  expect(await plain.directory.person("ann")).toEqual(known);
  expect(plain.asked).toEqual(["users", "conversations", "blocks"]);
  const { asked, directory } = source({ people });
  expect(await directory.person("anon_1")).toEqual(unknown);
  expect(asked).toEqual(["users"]);
});

it("holds nothing of a person whom the answer does not name, and reads again who was forgotten meanwhile", async () => {
  const none = source({ people: async () => new Map() });
  expect(await none.directory.person("ann")).toEqual(unknown);
  const answers = [
    Promise.withResolvers<Map<string, Person>>(),
    Promise.withResolvers<Map<string, Person>>(),
  ];
  let asks = 0;
  const late = source({ people: () => (answers[asks++] as (typeof answers)[number]).promise });
  const before = late.directory.person("ann");
  await vi.waitFor(() => expect(late.asked).toEqual(["people"]));
  late.directory.forgetPerson("ann");
  const after = late.directory.person("ann");
  answers[0]?.resolve(new Map([["ann", { ...ann, conversations: [] }]]));
  expect(await before).toEqual({ ...known, conversationIds: [] });
  answers[1]?.resolve(new Map([["ann", ann]]));
  expect(await after).toEqual(known);
  expect(late.directory.users.peek("ann")).toEqual(ann.user);
  expect(await late.directory.conversations.get("ann")).toEqual(ann.conversations);
  expect(late.asked).toEqual(["people", "people"]);
});

it("holds a person as before while the source is away, and no stored presence then", async () => {
  let isAway = false;
  const { directory } = source({ people: () => (isAway ? away() : people()), presences: away });
  await directory.person("ann");
  isAway = true;
  const later = performance.now() + 60_000;
  const clock = vi.spyOn(performance, "now").mockReturnValue(later);
  const [person, presence] = await Promise.allSettled([
    directory.person("ann"),
    directory.presences.getFresh(["ann"], 1_000),
  ]);
  clock.mockRestore();
  expect(person).toMatchObject({ value: known });
  expect(presence).toMatchObject({ status: "rejected", reason: { code: "unavailable" } });
});

it("reads a profile anew each time, by one statement or by three", async () => {
  const one = source({ people });
  await one.directory.person("ann");
  expect(await one.directory.readProfile("ann")).toMatchObject({
    username: "ann",
    conversationIds: ["room"],
  });
  expect(one.asked).toEqual(["people", "people"]);
  const { asked, directory } = source();
  expect(await directory.readProfile("ann")).toEqual(await one.directory.readProfile("ann"));
  expect(await directory.readProfile("bob")).toBeUndefined();
  expect(asked.slice(0, 3)).toEqual(["users", "conversations", "presences"]);
  await expect(source({ people: away }).directory.readProfile("ann")).rejects.toMatchObject({
    code: "unavailable",
  });
});

it("prefetches the members of conversations, by one question or by several", async () => {
  const one = source({ contacts: async () => [ann.user] });
  await one.directory.prefetchMembers(["room"]);
  expect(await one.directory.users.get("ann")).toEqual(ann.user);
  expect(one.asked).toEqual(["contacts"]);
  const several = source();
  await several.directory.prefetchMembers(["room"]);
  expect(several.directory.users.peek("ann")).toEqual(ann.user);
  expect(several.asked).toEqual(["members", "users"]);
});

it("does not take from an answer of before who was forgotten meanwhile", async () => {
  const late = Promise.withResolvers<DirectoryUser[]>();
  const { directory } = source({ contacts: () => late.promise });
  const knowing = directory.prefetchMembers(["room"]);
  directory.forgetPerson("ann");
  late.resolve([ann.user, { ...ann.user, id: "bob" }]);
  await knowing;
  await directory.users.get("bob");
  expect(directory.users.peek("bob")?.id).toBe("bob");
  expect(directory.users.peek("ann")).toBeUndefined();
});

it("does not wait for ever for what is asked about a person", async () => {
  vi.useFakeTimers();
  const { directory } = source({ people: () => new Promise(() => {}) });
  const refused = expect(directory.person("ann")).rejects.toMatchObject({ code: "unavailable" });
  await vi.advanceTimersByTimeAsync(2_000);
  await refused;
  vi.useRealTimers();
});
