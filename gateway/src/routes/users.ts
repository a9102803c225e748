import { PresenceError } from "@meeshy/shared/codes";
import { toIso } from "@meeshy/shared/iso-time";
import { idSchema } from "@meeshy/shared/service-requests";
import { choicesSchema } from "@meeshy/shared/socket-events";
import { userStatusSchema } from "@meeshy/shared/status-schema";
import { z } from "zod";
import { ownAvailabilitySchema } from "../changes/availability.ts";
import { idsInQuery } from "../core/id-list.ts";
import { openConnectionSchema, readConnections } from "../status/open-connections.ts";
import { callerOf } from "./caller.ts";
import type { App, RouteDeps } from "./context.ts";
import { statusAnswer, statusesAnswer, userIdParams } from "./schemas.ts";

const IDS_MAX = 200;

const presenceQuery = z.object({
  ids: z
    .union([z.string(), z.array(z.string())])
    .describe(
      `ids of at most ${IDS_MAX} users, separated by commas; one that is part of an id is written %2C`,
    ),
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
  choices: choicesSchema,
  connections: z.array(openConnectionSchema),
});

export function userRoutes(app: App, { statuses, limits, ...sources }: RouteDeps): void {
  app.get(
    "/users/me",
    { schema: { summary: "The caller, and their open connections", response: { 200: meAnswer } } },
    async (request) => {
      const caller = callerOf(request);
      const { id, displayName, showOnlineStatus, showLastSeen } = caller.user;
      const [status, { choices, shown: _, ...ownAvailability }, connections] = await Promise.all([
        own(statuses.read(caller, [id])),
        sources.people.availability.chosen(id),
        readConnections(sources, id),
      ]);
      const user = { ...status, id, displayName, isAdmin: caller.isAdmin, showOnlineStatus, showLastSeen };
      return { user, ownAvailability, choices, connections };
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
        response: { 200: statusesAnswer.extend({ serverTime: z.iso.datetime() }) },
      },
    },
    async (request) => {
      const ids = idsInQuery(request.url, "ids");
      if (ids.length > IDS_MAX) {
        throw new PresenceError("too_many_ids", `At most ${IDS_MAX} ids can be asked for at once.`);
      }
      const malformed = ids.filter((id) => !idSchema.safeParse(id).success);
      if (malformed.length > 0) throw new PresenceError("bad_request", "Some of the ids are not ids.");
      const caller = callerOf(request);
      limits.entriesOf(caller.user.id, ids.length);
      const users = await statuses.read(caller, ids);
      return { users, serverTime: toIso(Math.floor(sources.board.brokerTime() ?? Date.now())) };
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
