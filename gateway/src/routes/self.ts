import { z } from "zod";
import { availabilityWishSchema } from "../people/availability.ts";
import { callerOf } from "./caller.ts";
import type { App, RouteDeps } from "./context.ts";
import { ownAvailabilitySchema, userIdParams } from "./schemas.ts";

const preferences = z.object({ showOnlineStatus: z.boolean(), showLastSeen: z.boolean() });
const preferenceChanges = z.object({
  showOnlineStatus: z.boolean().exactOptional(),
  showLastSeen: z.boolean().exactOptional(),
});
const blockAnswer = z.object({ userId: z.string(), blocked: z.boolean() });

/** What callers change about how they are seen (CONTRACT 5). */
export function selfRoutes(app: App, { people }: RouteDeps): void {
  app.patch(
    "/users/me/preferences",
    {
      schema: {
        summary: "Who sees the caller's status and dates; what is left out stays as it is",
        body: preferenceChanges,
        response: { 200: z.object({ preferences }) },
      },
    },
    async (request) => ({ preferences: await people.self.setPreferences(callerOf(request), request.body) }),
  );

  app.put(
    "/users/me/availability",
    {
      schema: {
        summary: "What the caller is shown as; invisible shows as a normal departure, and stays so",
        body: availabilityWishSchema,
        response: { 200: ownAvailabilitySchema },
      },
    },
    async (request) => {
      const { id } = callerOf(request).user;
      await people.availability.set(id, request.body);
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
        await people.self.setBlocked(callerOf(request), userId, blocked);
        return { userId, blocked };
      },
    });
  }
}
