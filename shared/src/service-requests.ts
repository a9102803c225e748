import { z } from "zod";
import { SOURCE_MAX } from "./availability-layers.ts";
import { toLine } from "./client-text.ts";
import { SESSION_TTL_MAX_S, SESSION_TTL_MIN_S } from "./events.ts";
import { isCanaryId } from "./ids.ts";
import { AVAILABILITIES, STATUS_TEXT_MAX } from "./status.ts";
import { userStatusSchema } from "./status-schema.ts";
import { MAX_ID_LENGTH } from "./subjects.ts";

/** What other services may ask over NATS, and what they are answered (CONTRACT 7). */

/** Most users of one `presence.query`. */
export const QUERY_MAX = 500;
const ACCOUNT_CHANGES = ["profile", "deactivated", "deleted", "sessions-revoked"] as const;

/** An id as callers give it. */
export const idSchema = z
  .string()
  .min(1)
  .max(MAX_ID_LENGTH)
  .refine((text) => text.isWellFormed(), "not well-formed text");

/** The id of a person of whom something is written. */
export const personIdSchema = idSchema.refine((id) => !isCanaryId(id), "a reserved id");

const querySchema = z.object({
  userIds: z.array(idSchema).max(QUERY_MAX),
  /** the viewer; absent: what a user who shares a conversation may see */
  viewerId: idSchema.optional(),
});
const queryAnswerSchema = z.object({ users: z.array(userStatusSchema) });

const activityRequestSchema = z.object({ userId: personIdSchema });
/** A choice lasts for a year at most, if it is given by how long it lasts, ms. */
const LASTS_MAX_MS = 366 * 86_400_000;
const wishShape = {
  availability: z.enum(AVAILABILITIES),
  /** control characters are left out */
  statusText: z.string().max(STATUS_TEXT_MAX).overwrite(toLine).nullish(),
  /** when it ends by itself */
  expiresAt: z.iso.datetime().nullish(),
  /** after how many ms it ends by itself, in place of `expiresAt` */
  expiresInMs: z.int().positive().max(LASTS_MAX_MS).nullish(),
};
const hasOneEnd = ({ expiresAt, expiresInMs }: { expiresAt?: unknown; expiresInMs?: unknown }) =>
  (expiresAt ?? null) === null || (expiresInMs ?? null) === null;
const ONE_END = "expiresAt or expiresInMs, not both";

/** What a person wishes to be shown as (CONTRACT 5); what is left out is taken back. */
export const availabilityWishSchema = z.object(wishShape).refine(hasOneEnd, ONE_END);
export type AvailabilityWish = z.infer<typeof availabilityWishSchema>;
const claimShape = { ...wishShape, availability: wishShape.availability.nullable() };
/** What a service says of a person; `availability` null: nothing any more. */
export type ClaimWish = z.infer<z.ZodObject<typeof claimShape>>;
const availabilityRequestSchema = z
  .object({
    userId: personIdSchema,
    ...claimShape,
    /** who says so: each source has one claim at a time */
    source: z.string().min(1).max(SOURCE_MAX).default("service"),
  })
  .refine(hasOneEnd, ONE_END);
export type AvailabilityRequest = z.input<typeof availabilityRequestSchema>;
const sessionRequestSchema = z.object({
  userId: personIdSchema,
  /** of the service's own choosing */
  sessionId: idSchema,
  /** for how many seconds from now; 0: it ends */
  ttlS: z.union([z.literal(0), z.int().min(SESSION_TTL_MIN_S).max(SESSION_TTL_MAX_S)]),
  /** how it is called where connections are listed */
  device: z.string().max(100).nullish(),
  /** it keeps the person online whether they do something or not */
  keepOnline: z.boolean().optional(),
});
export type SessionRequest = z.infer<typeof sessionRequestSchema>;
const sessionAnswerSchema = z.object({ expiresAt: z.iso.datetime().nullable() });
const membershipRequestSchema = z.object({
  userId: personIdSchema,
  conversationId: idSchema,
  change: z.enum(["joined", "left"]),
});
export type MembershipRequest = z.infer<typeof membershipRequestSchema>;
const accountRequestSchema = z.object({ userId: personIdSchema, change: z.enum(ACCOUNT_CHANGES) });
export type AccountRequest = z.infer<typeof accountRequestSchema>;

/** The answer to a request that was carried out and has no data. */
const doneAnswerSchema = z.object({ success: z.literal(true) });

/** Each request's subject, payload and answer. */
export const SERVICE_REQUESTS = {
  "presence.query": { request: querySchema, answer: queryAnswerSchema },
  "presence.activity": { request: activityRequestSchema, answer: doneAnswerSchema },
  "presence.availability": { request: availabilityRequestSchema, answer: doneAnswerSchema },
  "presence.session": { request: sessionRequestSchema, answer: sessionAnswerSchema },
  "presence.membership": { request: membershipRequestSchema, answer: doneAnswerSchema },
  "presence.account": { request: accountRequestSchema, answer: doneAnswerSchema },
} as const;
export type ServiceSubject = keyof typeof SERVICE_REQUESTS;
export const SERVICE_SUBJECTS = Object.keys(SERVICE_REQUESTS) as ServiceSubject[];

/** Headers of a refusal: the code of the catalogue in `codes.ts`, and a sentence. */
export const ERROR_CODE_HEADER = "Nats-Service-Error-Code";
export const ERROR_HEADER = "Nats-Service-Error";
