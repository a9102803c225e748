import { messageSendSchema } from "@meeshy/shared/socket-events";
import { z } from "zod";
import { callerOf } from "./caller.ts";
import type { App, RouteDeps } from "./context.ts";
import { conversationIdParams, messageSchema } from "./schemas.ts";

const PAGE = { default: 50, max: 100 };
const CURSOR_MAX_LENGTH = 500;

const pageQuery = z.object({
  cursor: z.string().min(1).max(CURSOR_MAX_LENGTH).optional(),
  limit: z.coerce.number().int().min(1).max(PAGE.max).default(PAGE.default),
});
const pageAnswer = z.object({ messages: z.array(messageSchema), nextCursor: z.string().nullable() });

/** The demo chat over HTTP. */
export function messageRoutes(app: App, { chat, limits }: RouteDeps): void {
  app.get(
    "/messages/:conversationId",
    {
      schema: {
        summary: "A page of a conversation, newest first",
        params: conversationIdParams,
        querystring: pageQuery,
        response: { 200: pageAnswer },
      },
    },
    async (request) => {
      const { cursor, limit } = request.query;
      const { id: userId } = callerOf(request).user;
      limits.entriesOf(userId, limit);
      const page = { limit, ...(cursor === undefined ? {} : { cursor }) };
      return chat.list(request.params.conversationId, userId, page);
    },
  );

  app.post(
    "/messages",
    {
      schema: {
        summary: "Send a message",
        body: messageSendSchema,
        response: { 201: z.object({ message: messageSchema }) },
      },
    },
    async (request, reply) => {
      const message = await chat.send({ ...request.body, senderId: callerOf(request).user.id });
      return reply.code(201).send({ message });
    },
  );
}
