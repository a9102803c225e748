import { chatMessageSchema, errorBodySchema } from "@meeshy/shared/payloads";
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

export const messageSchema = chatMessageSchema;

/** Every failure (CONTRACT 5). */
export const errorAnswer = z.object({ error: errorBodySchema });
