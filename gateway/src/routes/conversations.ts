import { PresenceError } from "@meeshy/shared/codes";
import { z } from "zod";
import { callerOf } from "./caller.ts";
import type { App, RouteDeps } from "./context.ts";
import { conversationIdParams, statusesAnswer, userIdParams } from "./schemas.ts";
import type { StatusReader } from "./status-reader.ts";

/** Age, in ms, up to which memberships may come from the cache. */
const MEMBERSHIP_MAX_AGE_MS = 2_000;

const conversationsAnswer = z.object({
  conversations: z.array(z.object({ id: z.string(), title: z.string().nullable() })),
});
const occupancyAnswer = statusesAnswer.extend({ online: z.int(), total: z.int() });

const memberParams = conversationIdParams.extend(userIdParams.shape);
const memberAnswer = z.object({ conversationId: z.string(), userId: z.string(), member: z.boolean() });

export function conversationRoutes(
  app: App,
  { directory, occupancyOf, people, statuses }: RouteDeps & { statuses: StatusReader },
): void {
  const conversationsOf = async (userId: string) =>
    (await directory.conversations.get(userId, MEMBERSHIP_MAX_AGE_MS)) ?? [];

  app.get(
    "/conversations",
    { schema: { summary: "The caller's conversations", response: { 200: conversationsAnswer } } },
    async (request) => {
      const conversations = await conversationsOf(callerOf(request).user.id);
      return { conversations: conversations.map(({ id, title }) => ({ id, title })) };
    },
  );

  app.get(
    "/conversations/:conversationId/presence",
    {
      schema: {
        summary: "The members' statuses; the counts are the same for every member",
        params: conversationIdParams,
        response: { 200: occupancyAnswer },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { conversationId } = request.params;
      const own = await conversationsOf(caller.user.id);
      if (!own.some(({ id }) => id === conversationId)) {
        throw new PresenceError("not_found", "There is no such conversation.");
      }
      const members = (await directory.members.get(conversationId, MEMBERSHIP_MAX_AGE_MS)) ?? [];
      const [users, { online, total }] = await Promise.all([
        statuses.read(caller, members),
        occupancyOf(conversationId),
      ]);
      return { users, online, total };
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
        await people.self.setMember(callerOf(request), conversationId, userId, isMember);
        return { conversationId, userId, member: isMember };
      },
    });
  }
}
