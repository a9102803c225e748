import { isAnonymousId } from "@meeshy/shared/ids";
import { availabilityWishSchema } from "@meeshy/shared/service-requests";
import { z } from "zod";
import { layeredAvailabilitySchema } from "../changes/availability.ts";
import { decodeIdCursor, encodeIdCursor } from "../core/id-cursor.ts";
import { callerOf, touchBy } from "./caller.ts";
import type { App, RouteDeps } from "./context.ts";
import { userIdParams } from "./schemas.ts";

const preferences = z.object({ showOnlineStatus: z.boolean(), showLastSeen: z.boolean() });
const preferenceChanges = z.object({
  showOnlineStatus: z.boolean().exactOptional(),
  showLastSeen: z.boolean().exactOptional(),
});
const blockAnswer = z.object({ userId: z.string(), blocked: z.boolean() });

/** As many statuses are read for a page as one request may ask for by their ids. */
const BLOCKS_PAGE_MAX = 200;
const CURSOR_MAX_LENGTH = 2_000;
const blocksQuery = z.object({
  cursor: z.string().min(1).max(CURSOR_MAX_LENGTH).optional(),
  limit: z.coerce.number().int().min(1).max(BLOCKS_PAGE_MAX).default(BLOCKS_PAGE_MAX),
});
const blocksAnswer = z.object({
  blocks: z.array(
    z.object({
      userId: z.string(),
      username: z
        .string()
        .nullable()
        .describe("null: the caller shares no conversation with them, or no one has the id"),
      displayName: z.string().nullable(),
      isAnonymous: z.boolean(),
    }),
  ),
  nextCursor: z.string().nullable(),
});

/** How callers are seen: what they change and what they have chosen (CONTRACT 5). */
export function selfRoutes(app: App, deps: RouteDeps): void {
  changeRoutes(app, deps);
  blockRoutes(app, deps);
}

function changeRoutes(app: App, { people, touch, limits }: RouteDeps): void {
  app.patch(
    "/users/me/preferences",
    {
      schema: {
        summary: "Who sees the caller's status and dates; what is left out stays as it is",
        body: preferenceChanges,
        response: { 200: z.object({ preferences }) },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      limits.order("preferences", caller.user.id);
      return { preferences: await people.self.setPreferences(caller, request.body) };
    },
  );

  app.put(
    "/users/me/availability",
    {
      config: { touches: false },
      schema: {
        summary:
          "What the caller is shown as: without an end the standing choice, with one the timed choice, which covers it; invisible shows as a normal departure, and stays so",
        body: availabilityWishSchema,
        response: { 200: layeredAvailabilitySchema },
      },
    },
    async (request) => {
      const { id } = callerOf(request).user;
      limits.order("availability", id);
      // Those who become invisible leave when they say so, and were last active before.
      if (request.body.availability !== "invisible") touchBy(request, touch);
      await people.availability.set(id, request.body, request.span?.traceparent);
      return people.availability.chosen(id);
    },
  );

  app.delete(
    "/users/me/availability",
    { schema: { summary: "End the timed choice", response: { 200: layeredAvailabilitySchema } } },
    async (request) => {
      const { id } = callerOf(request).user;
      limits.order("availability", id);
      await people.availability.endTimed(id, request.span?.traceparent);
      return people.availability.chosen(id);
    },
  );
}

/** Whom the caller has blocked, and no one else's blocks. */
function blockRoutes(app: App, { people, statuses, limits }: RouteDeps): void {
  app.get(
    "/users/me/blocks",
    {
      schema: {
        summary: "A page of the people whom the caller has blocked, in the order of their ids",
        querystring: blocksQuery,
        response: { 200: blocksAnswer },
      },
    },
    async (request) => {
      const caller = callerOf(request);
      const { cursor, limit } = request.query;
      const after = cursor === undefined ? "" : decodeIdCursor(cursor);
      const found = await people.self.blocked(caller, { after, limit: limit + 1 });
      const ids = found.slice(0, limit);
      limits.entriesOf(caller.user.id, ids.length);
      // A name is given as by any other route: an id that was blocked by guess says nothing of a stranger.
      const seen = ids.length === 0 ? [] : await statuses.read(caller, ids);
      const last = found.length > limit ? ids.at(-1) : undefined;
      return {
        blocks: seen.map(({ userId, username, displayName }) => ({
          ...{ userId, username, displayName },
          isAnonymous: isAnonymousId(userId),
        })),
        nextCursor: last === undefined ? null : encodeIdCursor(last),
      };
    },
  );

  for (const [method, blocked] of [
    ["PUT", true],
    ["DELETE", false],
  ] as const) {
    app.route({
      method,
      url: "/users/me/blocks/:userId",
      schema: {
        summary: blocked ? "Hide the caller and a user from each other" : "Take a block back",
        params: userIdParams,
        response: { 200: blockAnswer },
      },
      async handler(request) {
        const { userId } = request.params as z.infer<typeof userIdParams>;
        const caller = callerOf(request);
        limits.order("blocks", caller.user.id);
        await people.self.setBlocked(caller, userId, blocked);
        return { userId, blocked };
      },
    });
  }
}
