import { PresenceError } from "@meeshy/shared/codes";
import { z } from "zod";
import { callerOf } from "./caller.ts";
import type { App, RouteDeps } from "./context.ts";
import { conversationIdParams, statusesAnswer, userIdParams } from "./schemas.ts";

/** Age, in ms, up to which memberships may come from the cache. */
const MEMBERSHIP_MAX_AGE_MS = 2_000;

const conversationsAnswer = z.object({
  conversations: z.array(z.object({ id: z.string(), title: z.string().nullable() })),
});
const PAGE_MAX = 500;
const CURSOR_MAX_LENGTH = 2_000;
const pageQuery = z.object({
  cursor: z.string().min(1).max(CURSOR_MAX_LENGTH).optional(),
  limit: z.coerce.number().int().min(1).max(PAGE_MAX).default(PAGE_MAX),
});
const pageAnswer = statusesAnswer.extend({
  online: z.int(),
  total: z.int(),
  nextCursor: z.string().nullable(),
});

const memberParams = conversationIdParams.extend(userIdParams.shape);
const memberAnswer = z.object({ conversationId: z.string(), userId: z.string(), member: z.boolean() });

export function conversationRoutes(app: App, { directory, memberPages, people, limits }: RouteDeps): void {
  const conversationsOf = async (userId: string) =>
    (await directory.conversations.get(userId, MEMBERSHIP_MAX_AGE_MS)) ?? [];

  app.get(
    "/conversations",
    { schema: { summary: "The caller's conversations", response: { 200: conversationsAnswer } } },
    async (request) => {
      const { id: userId } = callerOf(request).user;
      const conversations = await conversationsOf(userId);
      limits.entriesOf(userId, conversations.length);
      return { conversations: conversations.map(({ id, title }) => ({ id, title })) };
    },
  );

  app.get(
    "/conversations/:conversationId/presence",
    {
      schema: {
        summary:
          "A page of the members' statuses, those who are online first; the counts leave out whom the caller may not see, but in large conversations",
        params: conversationIdParams,
        querystring: pageQuery,
        response: { 200: pageAnswer },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { conversationId } = request.params;
      const own = await conversationsOf(caller.user.id);
      if (!own.some(({ id }) => id === conversationId)) {
        throw new PresenceError("not_found", "There is no such conversation.");
      }
      return memberPages.read(caller, conversationId, request.query);
    },
  );

  for (const [method, isMember] of [
    ["PUT", true],
    ["DELETE", false],
  ] as const) {
    app.route({
      method,
      url: "/conversations/:conversationId/members/:userId",
      schema: {
        summary: isMember
          ? "Add a member: for members and administrators"
          : "Take a member out: oneself, or for administrators",
        params: memberParams,
        response: { 200: memberAnswer },
      },
      async handler(request) {
        const { conversationId, userId } = request.params as z.infer<typeof memberParams>;
        const caller = callerOf(request);
        if (!caller.isAdmin) limits.order("members", caller.user.id);
        await people.self.setMember(caller, conversationId, userId, isMember);
        return { conversationId, userId, member: isMember };
      },
    });
  }
}
