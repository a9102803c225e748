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

test.each([
  ["registered", "ann"],
  ["anonymous", "anon_1"],
])(
  "an older version is refused, an equal one repairs, a newer one and a newer epoch win: %s",
  async (_, id) => {
    await addUsers(database.db, "ann");
    await addConversation(database.db, "room", { guests: ["anon_1"] });
    const isOnline = async () => (id === "ann" ? await user(id) : await guest(id)).isOnline;
    await write(row(id, { epoch: 2, version: 100, isOnline: true }));

    expect(await write(row(id, { epoch: 2, version: 99, isOnline: false }))).toBe(0);
    expect(await write(row(id, { epoch: 1, version: 5_000, isOnline: false }))).toBe(0);
    expect(await isOnline()).toBe(true);
    expect(await write(row(id, { epoch: 2, version: 100, isOnline: false }))).toBe(1);
    expect(await isOnline()).toBe(false);
    expect(await write(row(id, { epoch: 2, version: 101, isOnline: true }))).toBe(1);
    expect(await isOnline()).toBe(true);
    expect(await write(row(id, { epoch: 3, version: 1, isOnline: false }))).toBe(1);
    expect(await isOnline()).toBe(false);
  },
);

test("dates never go back, not for an older date and not for none", async () => {
  await addUsers(database.db, "ann");
  await addConversation(database.db, "room", { guests: ["anon_1"] });
  await write(row("ann"), row("anon_1"));
  await write(
    row("ann", { version: 101, lastSeen: NOON - HOUR, lastActiveAt: null }),
    row("anon_1", { version: 101, lastSeen: null, lastActiveAt: NOON - HOUR }),
  );
  expect(await user("ann")).toMatchObject({
    lastSeen: new Date(NOON),
    lastActiveAt: new Date(NOON),
    presenceVersion: 101n,
  });
  expect(await guest("anon_1")).toMatchObject({ lastSeenAt: new Date(NOON), lastActiveAt: new Date(NOON) });
});

test("availability, its text and its expiry are cleared by null", async () => {
  await addUsers(database.db, "ann");
  await write(row("ann", { availability: "busy", statusText: "x", availabilityExpiresAt: NOON }));
  await write(row("ann", { version: 101 }));
  expect(await user("ann")).toMatchObject({
    availability: "available",
    statusText: null,
    availabilityExpiresAt: null,
  });
});

test("of several presences of one person the greatest version counts, of equals the later", async () => {
  await addUsers(database.db, "ann", "bob");
  const written = await write(
    row("ann", { epoch: 1, version: 7, statusText: "old" }),
    row("ann", { epoch: 2, version: 3, statusText: "new" }),
    row("ann", { epoch: 1, version: 9, statusText: "old" }),
    row("bob", { version: 5, statusText: "first" }),
    row("bob", { version: 5, statusText: "second" }),
  );
  expect(written).toBe(2);
  expect((await user("ann")).statusText).toBe("new");
  expect((await user("bob")).statusText).toBe("second");
});

test("people without a row are passed over", async () => {
  await addUsers(database.db, "ann");
  expect(await write(row("nobody"), row("ann"), row("anon_nobody"))).toBe(1);
  expect(await writePresence(database.db, [])).toEqual({ written: 0, refused: 0, newest: null });
});

test("foreign ids and texts of any script arrive unchanged; what cannot be stored harms nobody else", async () => {
  const ids = [
    "auth0|1",
    "o'hara",
    'quo"te',
    "{a,b}",
    "back\\slash",
    "ünï@例え.jp",
    "😀",
    "NULL",
    " ",
    "a\nb",
  ];
  await addUsers(database.db, ...ids);
  const text = `'"\\{},NULL 😀 例え`;
  const written = await write(
    row("nul\0", {}),
    ...ids.map((id) => row(id, { statusText: `${text}${id}\0` })),
  );
  expect(written).toBe(ids.length);
  for (const id of ids) expect((await user(id)).statusText).toBe(text + id);
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

test("what the database holds in a newer state is counted, and the newest of it named", async () => {
  await addUsers(database.db, "ann", "bob", "cat", "dan");
  await addConversation(database.db, "room", { guests: ["anon_eve"] });
  await write(row("ann", { epoch: 7, version: 3 }), row("bob", { epoch: 7, version: 12 }));
  await write(row("cat", { epoch: 2, version: 900 }), row("anon_eve", { epoch: 7, version: 11 }));
  const people = ["ann", "bob", "cat", "dan", "anon_eve", "nobody"];
  const outcome = await writePresence(
    database.db,
    people.map((id) => row(id, { epoch: 2, version: 500, isOnline: false })),
  );
  expect(outcome).toEqual({ written: 1, refused: 4, newest: { epoch: 7, version: 12 } });
  expect((await user("bob")).isOnline).toBe(true);
  expect((await user("dan")).isOnline).toBe(false);
  const neverShown = await writePresence(database.db, [row("ann", { epoch: 0, version: 0 })]);
  expect(neverShown).toEqual({ written: 1, refused: 0, newest: null });
});

test("an epoch that no service can have come to counts for nothing and is overwritten", async () => {
  await addUsers(database.db, "ann", "bob");
  await addConversation(database.db, "room", { guests: ["anon_eve"] });
  const hostile = { presenceEpoch: 2 ** 31 - 1, presenceVersion: 2n ** 62n };
  await database.db.user.updateMany({ data: hostile });
  await database.db.anonymousParticipant.updateMany({ data: hostile });
  const rows = ["ann", "anon_eve"].map((id) => row(id, { epoch: 3, version: 9 }));
  expect(await writePresence(database.db, rows)).toEqual({ written: 2, refused: 0, newest: null });
  expect(await user("ann")).toMatchObject({ presenceEpoch: 3, presenceVersion: 9n });
  expect(await guest("anon_eve")).toMatchObject({ presenceEpoch: 3, presenceVersion: 9n });
  await write(row("bob", { epoch: 0, version: 0 }));
  expect(await user("bob")).toMatchObject(hostile);
});
