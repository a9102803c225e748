import { idSchema, personIdSchema } from "@meeshy/shared/service-requests";
import { chatMessageSchema, errorBodySchema } from "@meeshy/shared/socket-events";
import { userStatusSchema } from "@meeshy/shared/status-schema";
import { z } from "zod";

/** Shapes that several routes share. */

export const userIdParams = z.object({ userId: idSchema });
export const personIdParams = z.object({ userId: personIdSchema });
export const conversationIdParams = z.object({ conversationId: idSchema });

export const statusAnswer = z.object({ user: userStatusSchema });
export const statusesAnswer = z.object({ users: z.array(userStatusSchema) });

export const messageSchema = chatMessageSchema;

/** Every failure (CONTRACT 5). */
export const errorAnswer = z.object({ error: errorBodySchema });
