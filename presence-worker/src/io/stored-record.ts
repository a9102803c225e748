import { fromBytes } from "@meeshy/shared/nats/last-value";
import { AVAILABILITIES, CAUSES, PUBLIC_AVAILABILITIES } from "@meeshy/shared/status";
import { storedConnectionsSchema } from "@meeshy/shared/stored-connections";
import { z } from "zod";
import type { UserRecord } from "../core/record.ts";
import { shareId } from "./shared-ids.ts";

/** What is written down of a user: the record, and what of it has not reached its other places yet. */

const millis = z.number().nullable();
const STATES = ["online", "zombie", "offline"] as const;

const transitionSchema = z.object({
  from: z.enum(STATES),
  to: z.enum(STATES),
  cause: z.enum(CAUSES),
  version: z.number(),
  epoch: z.number(),
  at: z.number(),
  connectionId: z.string().nullable(),
  traceId: z.string().nullable(),
});
/** A line of history on its way to the database. */
export type HistoryLine = z.infer<typeof transitionSchema>;

const recordSchema = z.object({
  userId: z.string().min(1),
  state: z.enum(STATES),
  seq: z.number(),
  now: z.number(),
  person: z
    .object({
      username: z.string().nullable(),
      isAnonymous: z.boolean(),
      conversationIds: z.array(z.string()),
    })
    .nullable(),
  directoryVersion: z.number(),
  connections: storedConnectionsSchema,
  deadline: millis,
  zombieCause: z.enum(["connection-lost", "idle", "gateway-lost"]).nullable(),
  lastActiveAt: millis,
  lastSeen: millis,
  availability: z.enum(AVAILABILITIES),
  statusText: z.string().nullable(),
  availabilityExpiresAt: millis,
  shown: z
    .object({
      isOnline: z.boolean(),
      availability: z.enum(PUBLIC_AVAILABILITIES),
      statusText: z.string().nullable(),
      lastActiveAt: millis,
      lastSeen: millis,
      epoch: z.number(),
      version: z.number(),
      cause: z.enum(CAUSES),
      at: millis,
    })
    .nullable(),
  renewedAt: millis,
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
  unsaved: z.array(transitionSchema),
}) satisfies z.ZodType<StoredRecord>;
const positionSchema = z.object({ epoch: z.number(), seq: z.number() });

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
    person: person && { ...person, conversationIds: person.conversationIds.map(shareId) },
    connections: stored.connections.map((one) => ({ ...one, gatewayId: shareId(one.gatewayId) })),
  };
  return { record, epoch, statusSeq, unsaved };
}

/** How far whoever wrote a record, or removed it, had read the log; `undefined`: it does not say. */
export const readPosition = (data: Uint8Array) => parseAs(positionSchema, data);

function parseAs<T>(schema: z.ZodType<T>, data: Uint8Array): T | undefined {
  try {
    return schema.parse(fromBytes(data));
  } catch {
    return undefined;
  }
}
