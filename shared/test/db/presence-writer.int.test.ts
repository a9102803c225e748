import { beforeEach, expect, test } from "vitest";
import { writePresence } from "../../src/db/presence-writer.ts";
import type { PresenceRow } from "../../src/presence-row.ts";
import { addConversation, addUsers, useDatabase } from "./use-database.ts";

const database = useDatabase();

const NOON = Date.UTC(2030, 0, 1, 12);
const HOUR = 3_600_000;

function row(userId: string, changes: Partial<PresenceRow> = {}): PresenceRow {
  return {
    userId,
    isAnonymous: userId.startsWith("anon_"),
    isOnline: true,
    lastSeen: NOON,
    lastActiveAt: NOON,
    availability: "available",
    statusText: null,
    availabilityExpiresAt: null,
    epoch: 1,
    version: 100,
    ...changes,
  };
}

const user = (id: string) => database.db.user.findUniqueOrThrow({ where: { id } });
const guest = (id: string) => database.db.anonymousParticipant.findUniqueOrThrow({ where: { id } });
const write = async (...rows: PresenceRow[]) => (await writePresence(database.db, rows)).written;

beforeEach(async () => {
  await database.db.user.deleteMany();
  await database.db.conversation.deleteMany();
});

test("every field of a presence reaches its row, and nothing else of the row changes but updatedAt", async () => {
  await addUsers(database.db, "ann", "bob");
  const [before, other] = [await user("ann"), await user("bob")];
  const written = await write(
    row("ann", {
      lastSeen: NOON + 1,
      availability: "dnd",
      statusText: "back at 5",
      availabilityExpiresAt: NOON + HOUR,
    }),
  );
  const after = await user("ann");
  expect(written).toBe(1);
  expect(after).toEqual({
    ...before,
    isOnline: true,
    lastSeen: new Date(NOON + 1),
    lastActiveAt: new Date(NOON),
    availability: "dnd",
    statusText: "back at 5",
    availabilityExpiresAt: new Date(NOON + HOUR),
    presenceEpoch: 1,
    presenceVersion: 100n,
    updatedAt: expect.any(Date),
  });
  expect(after.updatedAt.getTime()).toBeGreaterThanOrEqual(before.updatedAt.getTime());
  expect(await user("bob")).toEqual(other);
});

test("anonymous participants and registered people are written in one call", async () => {
  await addUsers(database.db, "ann");
  await addConversation(database.db, "room", { guests: ["anon_1"] });
  expect(await write(row("anon_1", { lastSeen: NOON + 5 }), row("ann"))).toBe(2);
  expect(await guest("anon_1")).toMatchObject({
    isOnline: true,
    lastSeenAt: new Date(NOON + 5),
    lastActiveAt: new Date(NOON),
    presenceEpoch: 1,
    presenceVersion: 100n,
  });
});

test("10,000 people are written at once, and a sequence beyond 32 bits fits", async () => {
  const ids = Array.from({ length: 10_000 }, (_, index) => `user-${index}`);
  await addUsers(database.db, ...ids);
  expect(await write(...ids.map((id) => row(id, { version: 2 ** 53 - 1 })))).toBe(10_000);
  expect(await database.db.user.count({ where: { isOnline: true, presenceVersion: 2n ** 53n - 1n } })).toBe(
    10_000,
  );
});

test("overlapping calls of every size, in any order, never deadlock and leave the newest version", async () => {
  const ids = Array.from({ length: 600 }, (_, index) => `user-${index}`);
  const guests = ids.map((id) => `anon_${id}`);
  const people = [...ids, ...guests];
  await addUsers(database.db, ...shuffled(ids));
  await addConversation(database.db, "room", { guests: shuffled(guests) });
  // With statistics the planner joins small batches and large ones from different sides.
  await database.db.$executeRaw`ANALYZE`;
  const expected = new Map<string, number>();
  let version = 0;
  const round = async () => {
    const size = 1 + Math.floor(Math.random() ** 2 * people.length);
    const rows = shuffled(people)
      .slice(0, size)
      .map((id) => row(id, { version: ++version }));
    for (const { userId, version } of rows) expected.set(userId, version);
    await writePresence(database.db, rows);
  };
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let count = 0; count < 25; count++) await round();
    }),
  );
  const stored = new Map(
    [...(await database.db.user.findMany()), ...(await database.db.anonymousParticipant.findMany())]
      .filter(({ presenceVersion }) => presenceVersion > 0n)
      .map(({ id, presenceVersion }) => [id, Number(presenceVersion)]),
  );
  expect(stored).toEqual(expected);
});

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => [Math.random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}
