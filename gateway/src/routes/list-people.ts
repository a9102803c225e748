import { PresenceError } from "@meeshy/shared/codes";
import { toIso } from "@meeshy/shared/iso-time";
import { layersOfChoice, strongestOwn, withoutEnded } from "@meeshy/shared/layer-precedence";
import type { ListedPerson, PeopleQuery } from "@meeshy/shared/ports/people-list";
import { PEOPLE_PAGE_MAX } from "@meeshy/shared/ports/people-list";
import type { RecordView } from "@meeshy/shared/record-view";
import { AVAILABILITIES, LIFECYCLE_STATES, type StatusMessage } from "@meeshy/shared/status";
import { z } from "zod";
import { decodeIdCursor, encodeIdCursor } from "../core/id-cursor.ts";
import { someAtATime } from "../core/some-at-a-time.ts";
import { orUnavailable } from "../core/unavailable.ts";
import { listedConnectionSchema, mergeConnections } from "../status/open-connections.ts";
import { readRecord } from "../status/worker-record.ts";
import type { RouteDeps } from "./context.ts";

const TEXT_MAX = 100;
const CURSOR_MAX_LENGTH = 2_000;
const PAGE_DEFAULT = 50;
/** Records that are asked for at a time. */
const READS_AT_ONCE = 16;

export const peopleQuery = z.object({
  state: z.enum([...LIFECYCLE_STATES, "invisible"]).optional(),
  q: z.string().max(TEXT_MAX).default("").describe("a part of the username or of the name to display"),
  limit: z.coerce.number().int().min(1).max(PEOPLE_PAGE_MAX).default(PAGE_DEFAULT),
  cursor: z.string().min(1).max(CURSOR_MAX_LENGTH).optional(),
});
type Query = z.infer<typeof peopleQuery>;

const listedUser = z.object({
  userId: z.string(),
  username: z.string(),
  displayName: z.string().nullable(),
  isAnonymous: z.boolean(),
  state: z.enum(LIFECYCLE_STATES),
  shownOnline: z.boolean().describe("whether those who share a conversation see the person online"),
  availability: z.enum(AVAILABILITIES).describe("the person's own strongest choice"),
  statusText: z.string().nullable(),
  lastActiveAt: z.iso.datetime().nullable(),
  connections: z.array(listedConnectionSchema),
  deadline: z.iso.datetime().nullable().describe("when the state times out, by the log's time"),
  cause: z.string().nullable().describe("why a zombie is one; otherwise of the last public change"),
});
type ListedUser = z.infer<typeof listedUser>;

export const peopleAnswer = z.object({
  users: z.array(listedUser).describe("may be fewer than `limit`, or none, while `nextCursor` goes on"),
  nextCursor: z.string().nullable(),
  stale: z
    .literal(true)
    .exactOptional()
    .describe("NATS cannot be reached: states are those of the database, and no connections are known"),
});

type Sources = Pick<RouteDeps, "bus" | "board" | "log" | "connections" | "feed" | "peopleList">;

/**
 * One page of people for operators: candidates by their rows, judged by their records.
 * @throws {PresenceError} `bad_request`: the cursor; `unavailable`: the database does not answer
 */
export async function listPeople(sources: Sources, query: Query): Promise<z.infer<typeof peopleAnswer>> {
  const { people, next } = await readRows(sources, query);
  const records = await readRecords(sources, people);
  const users = people
    .map((person) =>
      records ? byRecord(sources, person, records.get(person.userId)) : byRow(sources, person),
    )
    .filter(inState(query.state));
  const nextCursor = next === null ? null : encodeIdCursor(next);
  return { users, nextCursor, ...(records ? {} : { stale: true }) };
}

const AMONG: Record<NonNullable<Query["state"]>, PeopleQuery["among"]> = {
  online: "present",
  zombie: "present",
  invisible: "present",
  offline: "absent",
};

function readRows({ peopleList }: Sources, { state, q, limit, cursor }: Query) {
  const after = cursor === undefined ? "" : decodeIdCursor(cursor);
  const among = state === undefined ? "everyone" : AMONG[state];
  return orUnavailable(() => peopleList.page({ after, limit, among, text: q }));
}

/** By user id; absent where there is none, or it cannot be read. `undefined`: NATS cannot be asked. */
async function readRecords(
  { bus }: Sources,
  people: readonly ListedPerson[],
): Promise<Map<string, RecordView> | undefined> {
  if (!bus.isUp()) return undefined;
  try {
    const records = await someAtATime(people, READS_AT_ONCE, ({ userId }) =>
      readRecord(bus, userId).catch((error: unknown) => {
        if (error instanceof PresenceError) throw error;
        return undefined; // one that cannot be read costs its person's row, not the page
      }),
    );
    return new Map(
      people.flatMap(({ userId }, at) => {
        const record = records[at];
        return record ? [[userId, record] as const] : [];
      }),
    );
  } catch (error) {
    if (error instanceof PresenceError && error.code === "unavailable") return undefined;
    throw error;
  }
}

function byRecord(sources: Sources, person: ListedPerson, record: RecordView | undefined): ListedUser {
  const shown = sources.feed.get(person.userId);
  const base = byRow(sources, person, record);
  return {
    ...base,
    state: record?.state ?? base.state,
    shownOnline: isSeen(person) && (shown?.isOnline ?? false),
    lastActiveAt: latest(person.lastActiveAt, record?.lastActiveAt ?? null, activeAt(shown)),
    connections: mergeConnections(sources, person.userId, record),
    deadline: toIso(record?.deadline ?? null),
    cause: (record?.state === "zombie" ? record.zombieCause : null) ?? shown?.cause ?? null,
  };
}

/** By the row alone, but for the availability, if a record is given. */
function byRow({ board }: Sources, person: ListedPerson, record?: RecordView): ListedUser {
  const { userId, username, displayName, isAnonymous, isOnline } = person;
  const { availability, statusText, availabilityExpiresAt: expiresAt } = record ?? person;
  const layers = record?.layers ?? layersOfChoice({ availability, statusText, expiresAt });
  const own = strongestOwn(withoutEnded(layers, board.brokerTime() ?? Number.NEGATIVE_INFINITY));
  return {
    ...{ userId, username, displayName, isAnonymous },
    state: isOnline ? "online" : "offline",
    shownOnline: isSeen(person) && isOnline,
    availability: own.availability,
    statusText: own.statusText,
    lastActiveAt: latest(person.lastActiveAt),
    connections: [],
    deadline: null,
    cause: null,
  };
}

const isSeen = ({ isActive, showOnlineStatus }: ListedPerson) => isActive && showOnlineStatus;

const activeAt = (shown: StatusMessage | undefined) =>
  shown?.lastActiveAt == null ? null : Date.parse(shown.lastActiveAt);

function latest(...dates: (number | null)[]): string | null {
  const known = dates.filter((date) => date !== null);
  return known.length === 0 ? null : toIso(Math.max(...known));
}

const inState =
  (wanted: Query["state"]) =>
  ({ state, availability }: ListedUser): boolean =>
    wanted === undefined || (wanted === "invisible" ? availability === "invisible" : state === wanted);
