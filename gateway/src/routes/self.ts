import { availabilityWishSchema } from "@meeshy/shared/service-requests";
import { z } from "zod";
import { layeredAvailabilitySchema } from "../changes/availability.ts";
import { callerOf, touchBy } from "./caller.ts";
import type { App, RouteDeps } from "./context.ts";
import { userIdParams } from "./schemas.ts";

const preferences = z.object({ showOnlineStatus: z.boolean(), showLastSeen: z.boolean() });
const preferenceChanges = z.object({
  showOnlineStatus: z.boolean().exactOptional(),
  showLastSeen: z.boolean().exactOptional(),
});
const blockAnswer = z.object({ userId: z.string(), blocked: z.boolean() });

/** What callers change about how they are seen (CONTRACT 5). */
export function selfRoutes(app: App, { people, touch, limits }: RouteDeps): void {
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
