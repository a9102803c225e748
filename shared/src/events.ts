import { z } from "zod";
import { AVAILABILITIES, STATUS_TEXT_MAX } from "./status.ts";
import { MAX_ID_LENGTH } from "./subjects.ts";

/** What is written into the log (DESIGN "The log is the only input"). Times are milliseconds since 1970. */

const id = z.string().min(1).max(MAX_ID_LENGTH);
/** Dates that a calendar of four-digit years has: readers write them as ISO 8601. Milliseconds. */
export const EARLIEST_MS = -62_135_596_800_000;
export const LATEST_MS = 253_402_300_799_999;
const date = z.int().min(EARLIEST_MS).max(LATEST_MS).nullable();
/** A date that was stored: an impossible one is as good as none. */
const storedDate = date.catch(null);
/** Tomorrow's release may know more of them than this one: the person is shown all the same. */
const availability = z.enum(AVAILABILITIES).catch("available");

/**
 * What a worker must know of a person to publish their status without reading the database.
 * `lastActiveAt` and `lastSeen` are the stored ones, used when the worker has no record yet. `stored` is there when
 * the database could not be read: the availability with its text is then as viewers last saw it (`as-shown`), or
 * not known, and a default in its place (`unknown`); the dates are not known either.
 */
export const profileSchema = z.object({
  username: z.string().nullable(),
  isAnonymous: z.boolean(),
  conversationIds: z.array(id),
  availability,
  statusText: z.string().max(STATUS_TEXT_MAX).nullable(),
  availabilityExpiresAt: storedDate,
  lastActiveAt: storedDate,
  lastSeen: storedDate,
  stored: z.enum(["as-shown", "unknown"]).optional().catch("unknown"),
});
export type Profile = z.infer<typeof profileSchema>;

/** Socket.IO's disconnect reasons plus our own; `DISCONNECT_CLEAN` names those that are goodbyes. */
export const DISCONNECT_CLEAN = ["client namespace disconnect", "admin"] as const;

export const userEventSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("connected"),
    connectionId: id,
    gatewayId: id,
    device: z.string().max(100).nullable(),
    /** how long this connection has shown no activity, by its gateway's monotonic clock: 0 for a new one */
    idleMs: z.number().nonnegative(),
    /** it was in the log before, under a life of its gateway that has ended */
    again: z.boolean().optional(),
    profile: profileSchema,
    /** what the gateway had seen of the directory's changes before it read the profile */
    directoryVersion: z.int().nonnegative().optional(),
  }),
  z.object({ type: z.literal("disconnected"), connectionId: id, reason: z.string().max(100) }),
  z.object({ type: z.literal("activity") }),
  /** The database's safety net found the user online and stale: the actor answers with the truth. */
  z.object({ type: z.literal("look"), profile: profileSchema }),
  /** An administrator closes every connection; offline at once. */
  z.object({ type: z.literal("disconnect-all") }),
  z.object({
    type: z.literal("availability"),
    availability,
    statusText: z.string().max(STATUS_TEXT_MAX).nullable(),
    expiresAt: date,
    profile: profileSchema,
  }),
  /** The directory says something new of the user; the profile was read after that. */
  z.object({ type: z.literal("directory"), profile: profileSchema }),
  /** The account is gone: nothing of it may stay. */
  z.object({ type: z.literal("deleted") }),
]);
export type UserEvent = z.infer<typeof userEventSchema>;

export const partitionEventSchema = z.discriminatedUnion("type", [
  /** `elapsed`: the writing sweeper's own monotonic clock, ms since it started. */
  z.object({ type: z.literal("timeout"), sweeperId: id, elapsed: z.number().nonnegative() }),
  /** `silentMs`: for how long its connections have told nothing already, for certain; absent: not known. */
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
    reason: z.enum(["admin", "replaced"]),
  }),
  /**
   * A partition accepts nothing more of this life: it waits for the number `expected`, or has been informed that the
   * life is over (0). Repeated for as long as that lasts; nobody waits for an answer.
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

/** Values of the lease bucket. `beat` grows by one at each write; only its changing matters. */
export const gatewayBeatSchema = z.object({
  beat: z.number().int(),
  /** for how long this process may be silent, ms; absent: written by an earlier release */
  leaseMs: z.number().optional(),
  connections: z.number().int(),
  users: z.number().int(),
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
 * each stream was made, by the broker, by which one that was made anew is told.
 */
export const epochSchema = z.object({
  epoch: z.number().int().positive(),
  from: z.number().int().nonnegative(),
  streams: z.record(z.string(), z.string()).optional(),
});
export type Epoch = z.infer<typeof epochSchema>;
