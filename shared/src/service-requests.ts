import { z } from "zod";
import { AVAILABILITIES, STATUS_TEXT_MAX, userStatusSchema } from "./status.ts";
import { MAX_ID_LENGTH } from "./subjects.ts";

/** What other services may ask over NATS, and what they are answered (CONTRACT 7). */

/** Most users of one `presence.query`. */
export const QUERY_MAX = 500;
export const ACCOUNT_CHANGES = ["profile", "deactivated", "deleted", "sessions-revoked"] as const;

const id = z
  .string()
  .min(1)
  .max(MAX_ID_LENGTH)
  .refine((text) => text.isWellFormed(), "not well-formed text");

export const querySchema = z.object({
  userIds: z.array(id).max(QUERY_MAX),
  /** through whose eyes; absent: what everyone who shares a conversation may see */
  viewerId: id.optional(),
});
export type Query = z.infer<typeof querySchema>;
export const queryAnswerSchema = z.object({ users: z.array(userStatusSchema) });

export const activityRequestSchema = z.object({ userId: id });
export const availabilityRequestSchema = z.object({
  userId: id,
  availability: z.enum(AVAILABILITIES),
  statusText: z.string().max(STATUS_TEXT_MAX).nullable().optional(),
  /** when it ends by itself */
  expiresAt: z.iso.datetime().nullable().optional(),
});
export type AvailabilityRequest = z.infer<typeof availabilityRequestSchema>;
export const membershipRequestSchema = z.object({
  userId: id,
  conversationId: id,
  change: z.enum(["joined", "left"]),
});
export type MembershipRequest = z.infer<typeof membershipRequestSchema>;
export const accountRequestSchema = z.object({ userId: id, change: z.enum(ACCOUNT_CHANGES) });
export type AccountRequest = z.infer<typeof accountRequestSchema>;

/** What a request that is carried out is answered, where there is nothing to tell. */
export const doneAnswerSchema = z.object({ success: z.literal(true) });

/** Each request's subject, payload and answer. */
export const SERVICE_REQUESTS = {
  "presence.query": { request: querySchema, answer: queryAnswerSchema },
  "presence.activity": { request: activityRequestSchema, answer: doneAnswerSchema },
  "presence.availability": { request: availabilityRequestSchema, answer: doneAnswerSchema },
  "presence.membership": { request: membershipRequestSchema, answer: doneAnswerSchema },
  "presence.account": { request: accountRequestSchema, answer: doneAnswerSchema },
} as const;
export type ServiceSubject = keyof typeof SERVICE_REQUESTS;
export const SERVICE_SUBJECTS = Object.keys(SERVICE_REQUESTS) as ServiceSubject[];

/** Headers of a refusal: the code of the catalogue in `codes.ts`, and a sentence. */
export const ERROR_CODE_HEADER = "Nats-Service-Error-Code";
export const ERROR_HEADER = "Nats-Service-Error";
