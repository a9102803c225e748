import { ERRORS, type ErrorCode } from "@meeshy/shared/codes";
import { AVAILABILITIES, userStatusSchema } from "@meeshy/shared/status";
import { MAX_ID_LENGTH } from "@meeshy/shared/subjects";
import { z } from "zod";

/** Shapes that several routes share. */

export const idSchema = z
  .string()
  .min(1)
  .max(MAX_ID_LENGTH)
  .refine((id) => id.isWellFormed(), "not well-formed text");

export const userIdParams = z.object({ userId: idSchema });
export const conversationIdParams = z.object({ conversationId: idSchema });

export const statusAnswer = z.object({ user: userStatusSchema });
export const statusesAnswer = z.object({ users: z.array(userStatusSchema) });

/** What a person has chosen, `invisible` included: only they are told. */
export const ownAvailabilitySchema = z.object({
  availability: z.enum(AVAILABILITIES),
  statusText: z.string().nullable(),
  expiresAt: z.iso.datetime().nullable(),
});

export const openConnection = z.object({
  connectionId: z.string(),
  gatewayId: z.string(),
  device: z.string().nullable(),
  since: z.iso.datetime(),
});

export const messageSchema = z.object({
  id: z.string(),
  conversationId: z.string(),
  senderId: z.string(),
  content: z.string(),
  createdAt: z.string(),
});

/** Every failure (CONTRACT 5). */
export const errorAnswer = z.object({
  error: z.object({
    code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
    message: z.string(),
    retryable: z.boolean(),
    retryAfterMs: z.number().optional(),
    details: z.unknown().optional(),
  }),
});
