import { PresenceError } from "@meeshy/shared/codes";
import { toIso } from "@meeshy/shared/iso-time";
import { choicesSchema } from "@meeshy/shared/socket-events";
import { CAUSES, LIFECYCLE_STATES } from "@meeshy/shared/status";
import { z } from "zod";
import { ownAvailabilitySchema } from "../changes/availability.ts";
import { orUnavailable } from "../core/unavailable.ts";
import { listedConnectionSchema, mergeConnections } from "../status/open-connections.ts";
import { readRecord } from "../status/worker-record.ts";
import type { RouteDeps } from "./context.ts";

/** Lines of history that an administrator is shown. */
const TRANSITIONS_MAX = 50;

export const presenceExplanation = z.object({
  userId: z.string(),
  state: z.enum(LIFECYCLE_STATES),
  deadline: z.iso.datetime().nullable().describe("when the state times out, by the log's time"),
  ownAvailability: ownAvailabilitySchema,
  choices: choicesSchema.describe("all layers that `ownAvailability` and what others see come from"),
  connections: z.array(listedConnectionSchema),
  transitions: z.array(
    z.object({
      epoch: z.int(),
      version: z.int(),
      at: z.iso.datetime(),
      from: z.string(),
      to: z.string(),
      cause: z.enum(CAUSES),
      connectionId: z.string().optional(),
      traceId: z.string().optional(),
    }),
  ),
});

type Sources = Pick<RouteDeps, "bus" | "log" | "connections" | "directory" | "history" | "people">;

/** The state of a user's actor, what it rests on, and how it came about, newest first. `not_found` for an unknown id. */
export async function explainPresence(
  sources: Sources,
  userId: string,
): Promise<z.infer<typeof presenceExplanation>> {
  const [user, record, chosen, transitions] = await Promise.all([
    sources.directory.users.get(userId),
    readRecord(sources.bus, userId),
    sources.people.availability.chosen(userId),
    orUnavailable(() => sources.history(userId, TRANSITIONS_MAX)),
  ]);
  // Of a deleted account a record without a name remains for a day.
  const isKnown = user || transitions.length > 0 || record?.state === "online" || record?.state === "zombie";
  if (!isKnown) throw new PresenceError("not_found", "There is no such person.");
  return {
    userId,
    state: record?.state ?? "offline",
    deadline: toIso(record?.deadline ?? null),
    ownAvailability: chosen,
    choices: chosen.choices,
    connections: mergeConnections(sources, userId, record),
    transitions: transitions.map(({ userId: _, at, connectionId, traceId, ...line }) => ({
      ...line,
      at: toIso(at),
      ...(connectionId === null ? {} : { connectionId }),
      ...(traceId === null ? {} : { traceId }),
    })),
  };
}
