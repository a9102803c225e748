import { z } from "zod";
import { layersSchema, SOURCE_MAX } from "./availability-layers.ts";
import { COMMANDED_CLOSE_REASONS } from "./close-reasons.ts";
import { AVAILABILITIES, inKnownValues, STATUS_TEXT_MAX } from "./status.ts";
import { userStatusSchema } from "./status-schema.ts";
import { MAX_ID_LENGTH } from "./subjects.ts";

/** What is written into the log (ARCHITECTURE "Seven principles"). Times are milliseconds since 1970. */

const id = z.string().min(1).max(MAX_ID_LENGTH);
/** Dates that a calendar of four-digit years has: readers write them as ISO 8601. Milliseconds. */
export const EARLIEST_MS = -62_135_596_800_000;
export const LATEST_MS = 253_402_300_799_999;
const date = z.int().min(EARLIEST_MS).max(LATEST_MS).nullable();
/** No process lives for longer: ten years, ms. What is greater was never measured, and would leave the calendar. */
export const LONGEST_IDLE_MS = 10 * 366 * 86_400_000;
/** How long ago something was, ms. */
const idleTime = z
  .number()
  .nonnegative()
  .transform((ms) => Math.min(ms, LONGEST_IDLE_MS));
/** A date that was stored: an impossible one is as good as none. */
const storedDate = date.catch(null);

/** How long a session without a socket may live without being renewed, seconds. */
export const SESSION_TTL_MIN_S = 30;
export const SESSION_TTL_MAX_S = 14_400;

/** A position in the log of an epoch; positions of an earlier epoch come before. */
export const positionSchema = z.object({ epoch: z.int().positive(), seq: z.int().positive() });
export type Position = z.infer<typeof positionSchema>;

/**
 * What a worker must know of a person to publish their status without reading the database.
 * `lastActiveAt` and `lastSeen` are the stored ones, used when the worker has no record yet. `stored` is there when
 * the database could not be read: the availability with its text is then as viewers last saw it (`as-shown`), or
 * not known, and a default in its place (`unknown`); the dates are not known either.
 */
export const profileSchema = z.preprocess(
  withKnownAvailability,
  z.object({
    username: z.string().nullable(),
    /** absent: written by an earlier release */
    displayName: z.string().nullable().optional().catch(undefined),
    isAnonymous: z.boolean(),
    conversationIds: z.array(id),
    availability: z.enum(AVAILABILITIES),
    statusText: z.string().max(STATUS_TEXT_MAX).nullable(),
    availabilityExpiresAt: storedDate,
    lastActiveAt: storedDate,
    lastSeen: storedDate,
    stored: z.enum(["as-shown", "unknown"]).optional().catch("unknown"),
  }),
);
export type Profile = z.infer<typeof profileSchema>;

/**
 * The profile with an availability of this release. One of a later release may hide the person: it counts as not known,
 * unless viewers saw the person with it.
 */
export function withKnownAvailability<T>(profile: T): T {
  if (typeof profile !== "object" || profile === null) return profile;
  const { availability, stored } = profile as Partial<Record<"availability" | "stored", unknown>>;
  if (AVAILABILITIES.some((known) => known === availability)) return profile;
  return { ...profile, availability: "available", stored: stored === "as-shown" ? stored : "unknown" };
}

/**
 * An event may wait in its gateway for so long, ms, and what it says of stored choices is taken for what is stored still:
 * a worker knows what has changed since, because it keeps a record for {@link RECORD_KEPT_MS} after it could do without.
 */
export const PROFILE_WAIT_MAX_MS = 25_000;
export const RECORD_KEPT_MS = PROFILE_WAIT_MAX_MS + 5_000;

/**
 * For how long a choice lasts from when it is in the log, ms; absent: until `expiresAt`, which is otherwise what its gateway
 * has reckoned, wrongly where its view of the broker's clock is.
 */
const lastsMs = idleTime.optional().catch(undefined);

export const userEventSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("connected"),
    connectionId: id,
    gatewayId: id,
    device: z.string().max(100).nullable(),
    /**
     * how long this connection has shown no activity, by its gateway's monotonic clock: 0 for a new one; for one that
     * is resumed what its client says, {@link LONGEST_IDLE_MS} if it says nothing
     */
    idleMs: idleTime,
    /** it was in the log before, under a life of its gateway that has ended */
    again: z.boolean().optional(),
    /** its client has connected again by itself: no one has done anything for it; false: it says that its person has opened it */
    resumed: z.boolean().optional().catch(undefined),
    /** it is no sign of life until an activity over it */
    passive: z.boolean().optional().catch(undefined),
    /** where the log had it first; absent: it is new, not known for certain, or announced by an earlier release */
    firstLogged: positionSchema.optional().catch(undefined),
    profile: profileSchema,
    /** what the gateway had seen of the directory's changes before it read the profile */
    directoryVersion: z.int().nonnegative().optional(),
  }),
  /** `reason`: of the table in `close-reasons.ts`, or one of another release. */
  z.object({ type: z.literal("disconnected"), connectionId: id, reason: z.string().max(100) }),
  /** `idleMs`: how long ago it was; absent: just now. `connectionId`: over a connection that was opened as passive. */
  z.object({
    type: z.literal("activity"),
    idleMs: idleTime.optional(),
    connectionId: id.optional().catch(undefined),
  }),
  /** The database's safety net found the user online and stale: the actor answers with the truth. */
  z.object({ type: z.literal("look"), profile: profileSchema }),
  /** An administrator closes every connection that the log had before; offline at once. */
  z.object({ type: z.literal("disconnect-all") }),
  z.object({
    type: z.literal("availability"),
    /** one of a later release may hide the person, and is written down nowhere else: it reads as invisible */
    availability: z.enum(AVAILABILITIES).catch("invisible"),
    statusText: z.string().max(STATUS_TEXT_MAX).nullable(),
    /** null: the person's standing choice; a date: the timed one, which covers it */
    expiresAt: date,
    lastsMs,
    profile: profileSchema,
  }),
  /** The person's timed choice ends before its time. */
  z.object({ type: z.literal("timed-end"), profile: profileSchema }),
  /** What a service says of the person; `availability` null: it says nothing any more. */
  z.object({
    type: z.literal("claim"),
    source: z.string().min(1).max(SOURCE_MAX),
    availability: z.enum(AVAILABILITIES).nullable().catch("invisible"),
    statusText: z.string().max(STATUS_TEXT_MAX).nullable(),
    expiresAt: date,
    lastsMs,
    profile: profileSchema,
  }),
  /** A service keeps the user online without a socket, for `ttlS` seconds from now; 0: no longer. */
  z.object({
    type: z.literal("session"),
    sessionId: id,
    ttlS: z.int().nonnegative().max(SESSION_TTL_MAX_S),
    device: z.string().max(100).nullable(),
    /** it keeps the user online whether they do something or not */
    keepOnline: z.boolean(),
    profile: profileSchema,
  }),
  /** The user has changed in the directory; the profile was read after that. */
  z.object({ type: z.literal("directory"), profile: profileSchema }),
  /** The account is gone: nothing of it may stay. */
  z.object({ type: z.literal("deleted") }),
]);
export type UserEvent = z.infer<typeof userEventSchema>;

const partitionEventSchema = z.discriminatedUnion("type", [
  /** `elapsed`: the writing sweeper's own monotonic clock, ms since it started. */
  z.object({ type: z.literal("timeout"), sweeperId: id, elapsed: z.number().nonnegative() }),
  /** `silentMs`: for how long its connections have sent nothing already, for certain; absent: not known. */
  z.object({ type: z.literal("gateway-lost"), gatewayId: id, silentMs: z.int().nonnegative().optional() }),
]);
export type PartitionEvent = z.infer<typeof partitionEventSchema>;

export type LogEvent = UserEvent | PartitionEvent;

/**
 * A numbered message: `publisher` is one life of a gateway or sweeper, `number` counts its messages
 * in this partition from 1. The partition accepts only the next number, so repeats, holes and
 * reorderings leave no trace. Messages without a publisher stand on their own.
 */
const numbering = z.object({
  publisher: id.optional(),
  number: z.number().int().positive().optional(),
  /** how long the event had waited when it was sent, by its process's monotonic clock, ms; absent: not noticeably */
  waitedMs: idleTime.optional().catch(undefined),
  /** W3C trace context of the cause, where one was being traced. */
  traceparent: z.string().max(100).optional().catch(undefined),
});
export type Numbering = z.infer<typeof numbering>;

/**
 * What can be read of a message whose event cannot: its place in its publisher's order, which has to count all the
 * same, or everything after it would be a hole. `kind` is the event's type, if it has one. Never fails.
 */
export const envelopeSchema = z
  .object({
    publisher: numbering.shape.publisher.catch(undefined),
    number: numbering.shape.number.catch(undefined),
    event: z.object({ type: z.string().max(100).catch("none") }).catch({ type: "none" }),
  })
  .catch({ publisher: undefined, number: undefined, event: { type: "none" } })
  .transform(({ event, ...numbering }) => ({ numbering, kind: event.type }));

export const userMessageSchema = z.object({ event: userEventSchema }).extend(numbering.shape);
export const partitionMessageSchema = z.object({ event: partitionEventSchema }).extend(numbering.shape);
export type UserMessage = z.infer<typeof userMessageSchema>;
export type PartitionMessage = z.infer<typeof partitionMessageSchema>;

/** Commands on `presence.gw.<id>`; the gateway answers each once it is carried out. */
export const gatewayCommandSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("close"),
    userId: id,
    connectionIds: z.array(id),
    /** one of a later release: the connections are to be closed all the same */
    reason: z.enum(COMMANDED_CLOSE_REASONS).catch("admin"),
  }),
  /**
   * A partition accepts nothing more of this life: it waits for the number `expected`, or has been informed that the
   * life is over (0). Repeated for as long as that lasts; no answer is expected.
   */
  z.object({
    type: z.literal("out-of-step"),
    publisher: id,
    partition: z.int().nonnegative(),
    expected: z.int().nonnegative(),
  }),
]);
export type GatewayCommand = z.infer<typeof gatewayCommandSchema>;
export type CloseCommand = Extract<GatewayCommand, { type: "close" }>;

/** What a record says of a person to the person, on `presence.gw.self-<id>`; dates in ms since 1970. No answer is expected. */
export const selfNoticeSchema = z.object({
  userId: id,
  /** position of the record */
  epoch: z.int(),
  seq: z.int(),
  /** what others see; null: nothing was shown yet */
  status: z.preprocess(inKnownValues, userStatusSchema.nullable()),
  layers: layersSchema,
  connections: z.array(z.object({ id, device: z.string().nullable(), since: z.number() })),
});
export type SelfNotice = z.infer<typeof selfNoticeSchema>;

/** Values of the lease bucket. `beat` grows by one at each write; only its changing matters. */
export const gatewayBeatSchema = z.object({
  beat: z.number().int(),
  /** for how long this process may be silent, ms; absent: written by an earlier release */
  leaseMs: z.number().optional(),
  connections: z.number().int(),
  users: z.number().int(),
  /** it has loaded the statuses, and publishes what changes for readers of other teams; absent: not, or not known */
  outward: z.boolean().optional().catch(undefined),
  lost: z.boolean().optional(),
});
export type GatewayBeat = z.infer<typeof gatewayBeatSchema>;
export const workerBeatSchema = z.object({
  beat: z.number().int(),
  leaseMs: z.number().optional(),
  partitions: z.number().int(),
  usersOnline: z.number().int(),
  usersActive: z.number().int(),
  zombiesCleaned: z.number().int(),
  /** of those, the ones of the last 60 s */
  zombiesCleanedLastMinute: z.number().int(),
  /** partitions of its own that it does not process now; absent: not known, written by an earlier release */
  unserved: z.array(z.int()).optional().catch(undefined),
});
export type WorkerBeat = z.infer<typeof workerBeatSchema>;
export const sweeperBeatSchema = z.object({
  beat: z.number().int(),
  state: z.enum(["running", "paused"]),
  reason: z.string().optional(),
  lastCleanupAt: z.string().nullable(),
  lastCleanupDurationMs: z.number().nullable(),
});
export type SweeperBeat = z.infer<typeof sweeperBeatSchema>;
/**
 * `from`: the log sequence at which the epoch begins; what lies before it belongs to a lost log. `streams`: when
 * each stream was made, by the broker, which shows that one was made anew.
 */
export const epochSchema = z.object({
  epoch: z.number().int().positive(),
  from: z.number().int().nonnegative(),
  streams: z.record(z.string(), z.string()).optional(),
});
export type Epoch = z.infer<typeof epochSchema>;
