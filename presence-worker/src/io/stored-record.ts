import { positionSchema } from "@meeshy/shared/events";
import { fromBytes, toBytes } from "@meeshy/shared/nats/last-value";
import { recordFields } from "@meeshy/shared/record-view";
import { AVAILABILITIES, CAUSES, inKnownValues, PUBLIC_AVAILABILITIES } from "@meeshy/shared/status";
import { versioned } from "@meeshy/shared/versions";
import { z } from "zod";
import { STORED, type UserRecord } from "../core/record.ts";
import { shareId } from "./shared-ids.ts";

/** What is written down of a user: the record, and what of it has not reached its other places yet. */

const millis = z.number().nullable();

const transitionSchema = z.object({
  from: recordFields.state,
  to: recordFields.state,
  /** one of a later release is as good as none: history is all that it is for */
  cause: z.enum(CAUSES).catch("manual"),
  version: z.number(),
  epoch: z.number(),
  at: z.number(),
  connectionId: z.string().nullable(),
  traceId: z.string().nullable(),
});
/** A line of history on its way to the database. */
export type HistoryLine = z.infer<typeof transitionSchema>;

const shownSchema = z.object({
  isOnline: z.boolean(),
  availability: z.enum(PUBLIC_AVAILABILITIES),
  statusText: z.string().nullable(),
  expiresAt: z.number().optional().catch(undefined),
  claim: z.number().optional().catch(undefined),
  lastActiveAt: millis,
  lastSeen: millis,
  epoch: z.number(),
  version: z.number(),
  cause: z.enum(CAUSES),
  at: millis,
});

const recordSchema = z.object({
  ...recordFields,
  /** null: one of a later release */
  state: recordFields.state.nullable().catch(null),
  userId: z.string().min(1),
  now: z.number(),
  person: z
    .object({
      username: z.string().nullable(),
      displayName: z.string().nullable().optional().catch(undefined),
      isAnonymous: z.boolean(),
      conversationIds: z.array(z.string()),
    })
    .nullable(),
  directoryVersion: z.number(),
  /** one of a later release must not cost the record */
  zombieCause: z.enum(["connection-lost", "idle", "gateway-lost"]).nullable().catch("connection-lost"),
  lastActiveAt: millis,
  lastSeen: millis,
  /** null: one of a later release */
  availability: z.enum(AVAILABILITIES).nullable().catch(null),
  /** absent in records of earlier versions; null: one of a later release */
  stored: z.enum(STORED).nullable().default("known").catch(null),
  shown: z.preprocess(inKnownValues, shownSchema.nullable()),
  renewedAt: millis,
  closedUpTo: positionSchema.extend({ until: z.number() }).optional(),
  activeAt: z.number().optional(),
  returning: z.object({ count: z.int().positive(), until: z.number() }).optional(),
});

export interface StoredRecord extends UserRecord {
  epoch: number;
  /** stream sequence of the user's last status; 0: none known */
  statusSeq: number;
  unsaved: HistoryLine[];
}

const storedRecordSchema = recordSchema.extend({
  epoch: z.number(),
  statusSeq: z.number(),
  /** a line of a later release's states is as good as none */
  unsaved: z
    .array(transitionSchema.nullable().catch(null))
    .transform((lines) => lines.filter((line) => line !== null)),
});
const progressSchema = z.object({ epoch: z.number(), seq: z.number() });

/** Well below what a server takes by default, 1 MiB: room for the greatest profile of an event and 4,096 connections. */
export const RECORD_MAX_BYTES = 768 * 1024;
/** Lines of history that a record keeps when all of them do not fit. */
const LINES_KEPT = 10;

/** The bytes of a record; `isWhole`: nothing was left out to make it fit. */
export interface EncodedRecord {
  data: Uint8Array;
  isWhole: boolean;
}

/**
 * The record in at most `maxBytes`, with what matters least left out first: device labels and older history; the
 * oldest connections, for which one stand-in a gateway remains; conversations. `undefined`: not even that fits.
 */
export function encodeRecord(stored: StoredRecord, maxBytes: number): EncodedRecord | undefined {
  const whole = toBytes(versioned("record", stored));
  if (whole.length <= maxBytes) return { data: whole, isWhole: true };
  for (const reduced of reductions(stored)) {
    const data = toBytes(versioned("record", reduced));
    if (data.length <= maxBytes) return { data, isWhole: false };
  }
  return undefined;
}

/** Ever less of a record. */
function* reductions(stored: StoredRecord): Generator<StoredRecord> {
  const { connections, person } = stored;
  const unlabelled = connections.map((one) => ({ ...one, device: null }));
  const short = { ...stored, connections: unlabelled, unsaved: stored.unsaved.slice(-LINES_KEPT) };
  yield short;
  for (let kept = connections.length >> 1; kept > 0; kept >>= 1)
    yield { ...short, connections: newestOf(unlabelled, kept) };
  const least = { ...short, connections: newestOf(unlabelled, 1), unsaved: [] };
  const conversationIds = person?.conversationIds ?? [];
  for (let kept = conversationIds.length >> 1; person !== null && kept > 0; kept >>= 1)
    yield { ...least, person: { ...person, conversationIds: conversationIds.slice(0, kept) } };
  yield { ...least, person: person && { ...person, conversationIds: [] } };
}

/**
 * The newest connections, behind one stand-in for all older ones of each gateway. It goes with the gateway, and keeps
 * the person connected until then; activity alone keeps them online.
 */
function newestOf(connections: UserRecord["connections"], kept: number): UserRecord["connections"] {
  const older = connections.slice(0, Math.max(0, connections.length - kept));
  const standIns = new Map(
    older.map(({ gatewayId, since }) => [
      gatewayId,
      { id: `older than ${since} on ${gatewayId}`, gatewayId, device: null, since },
    ]),
  );
  return [...standIns.values(), ...connections.slice(older.length)];
}

/** The record, and what surrounds it. */
export interface ReadRecord {
  record: UserRecord;
  epoch: number;
  statusSeq: number;
  unsaved: HistoryLine[];
}

/** `undefined`: it is not a record. */
export function readRecord(data: Uint8Array): ReadRecord | undefined {
  const read = parseAs(storedRecordSchema, data);
  if (read === undefined) return undefined;
  const { epoch, statusSeq, unsaved, ...stored } = read;
  const { person } = stored;
  const record = {
    ...stored,
    ...readAvailability(stored),
    ...readState(stored),
    person: person && { ...person, conversationIds: person.conversationIds.map(shareId) },
    connections: stored.connections.map((one) => ({ ...one, gatewayId: shareId(one.gatewayId) })),
  };
  return { record, epoch, statusSeq, unsaved };
}

/**
 * A value of a later release may hide the person: it counts as not known, unless viewers see the person online with it.
 * As invisible, the record is kept when the person leaves.
 */
function readAvailability({ availability, stored, shown }: z.infer<typeof recordSchema>) {
  if (availability !== null && stored !== null) return { availability, stored };
  if (stored !== "as-shown" && !shown?.isOnline)
    return { availability: "invisible" as const, stored: "unknown" as const };
  return { availability: availability ?? shown?.availability ?? "available", stored: "as-shown" as const };
}

/**
 * A state of a later release reads as what viewers were shown last, so that its owner's change declares no one offline.
 * Without a connection someone shown online is in doubt: at the latest the next look at the time ends that.
 */
function readState(
  read: z.infer<typeof recordSchema>,
): Pick<UserRecord, "state" | "deadline" | "zombieCause"> {
  const { state, connections, deadline, zombieCause, shown, now } = read;
  if (state !== null) return { state, deadline, zombieCause };
  if (connections.length === 0 && shown?.isOnline)
    return { state: "zombie", deadline: deadline ?? now, zombieCause: zombieCause ?? "connection-lost" };
  const isHidden = shown === null || read.availability === "invisible" || read.availability === null;
  const isOnline = connections.length > 0 && (isHidden || shown.isOnline);
  return isOnline
    ? { state: "online", deadline, zombieCause: null }
    : { state: "offline", deadline: null, zombieCause: null };
}

/** The log position of the process that wrote a record, or removed it; `undefined`: it holds none. */
export const readPosition = (data: Uint8Array) => parseAs(progressSchema, data);

function parseAs<T>(schema: z.ZodType<T>, data: Uint8Array): T | undefined {
  try {
    return schema.parse(fromBytes(data));
  } catch {
    return undefined;
  }
}
