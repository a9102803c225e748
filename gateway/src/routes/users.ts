import { PresenceError } from "@meeshy/shared/codes";
import { userStatusSchema } from "@meeshy/shared/status";
import { z } from "zod";
import { callerOf } from "./caller.ts";
import { readConnections } from "./connections-of.ts";
import type { App, RouteDeps } from "./context.ts";
import {
  idSchema,
  openConnection,
  ownAvailabilitySchema,
  statusAnswer,
  statusesAnswer,
  userIdParams,
} from "./schemas.ts";
import type { StatusReader } from "./status-reader.ts";

const IDS_MAX = 200;

const presenceQuery = z.object({
  ids: z
    .union([z.string(), z.array(z.string())])
    .transform((given) => [...new Set([given].flat().join(",").split(","))])
    .pipe(z.array(z.string()))
    .describe(`ids of at most ${IDS_MAX} users, separated by commas`),
});

const meAnswer = z.object({
  user: userStatusSchema.extend({
    id: z.string(),
    displayName: z.string().nullable(),
    isAdmin: z.boolean(),
    showOnlineStatus: z.boolean(),
    showLastSeen: z.boolean(),
  }),
  /** what the caller has chosen, which `user` shows as others see it */
  ownAvailability: ownAvailabilitySchema,
  connections: z.array(openConnection),
});

export function userRoutes(app: App, { statuses, ...sources }: RouteDeps & { statuses: StatusReader }): void {
  app.get(
    "/users/me",
    { schema: { summary: "The caller, and their open connections", response: { 200: meAnswer } } },
    async (request) => {
      const caller = callerOf(request);
      const { id, displayName, showOnlineStatus, showLastSeen } = caller.user;
      const [status, ownAvailability, connections] = await Promise.all([
        own(statuses.read(caller, [id])),
        sources.people.availability.chosen(id),
        readConnections(sources, id),
      ]);
      const user = { ...status, id, displayName, isAdmin: caller.isAdmin, showOnlineStatus, showLastSeen };
      return { user, ownAvailability, connections };
    },
  );

  app.get(
    "/users/status",
    { schema: { summary: "The caller's own status", response: { 200: statusAnswer } } },
    async (request) => {
      const caller = callerOf(request);
      return { user: await own(statuses.read(caller, [caller.user.id])) };
    },
  );

  app.get(
    "/users/presence",
    {
      schema: {
        summary: `The statuses of up to ${IDS_MAX} users, one for each id asked`,
        querystring: presenceQuery,
        response: { 200: statusesAnswer },
      },
    },
    async (request) => {
      const { ids } = request.query;
      if (ids.length > IDS_MAX) {
        throw new PresenceError("too_many_ids", `At most ${IDS_MAX} ids can be asked for at once.`);
      }
      const malformed = ids.filter((id) => !idSchema.safeParse(id).success);
      if (malformed.length > 0) throw new PresenceError("bad_request", "Some of the ids are not ids.");
      return { users: await statuses.read(callerOf(request), ids) };
    },
  );

  app.get(
    "/users/:userId",
    { schema: { summary: "A user's status", params: userIdParams, response: { 200: statusAnswer } } },
    async (request) => ({ user: await own(statuses.read(callerOf(request), [request.params.userId])) }),
  );
}

async function own<T>(answers: Promise<T[]>): Promise<T> {
  const [answer] = await answers;
  if (answer === undefined) throw new Error("no status for the id asked");
  return answer;
}
