import { PresenceError } from "@meeshy/shared/codes";
import { CAUSES } from "@meeshy/shared/status";
import { z } from "zod";
import { orUnavailable } from "../core/unavailable.ts";
import { readRecord } from "../people/worker-record.ts";
import { mergeConnections } from "./connections-of.ts";
import type { RouteDeps } from "./context.ts";
import { openConnection, ownAvailabilitySchema } from "./schemas.ts";

/** Lines of history that an administrator is shown. */
const TRANSITIONS_MAX = 50;

export const presenceExplanation = z.object({
  userId: z.string(),
  state: z.enum(["online", "zombie", "offline"]),
  deadline: z.iso.datetime().nullable().describe("when the state times out, by the log's time"),
  ownAvailability: ownAvailabilitySchema,
  connections: z.array(openConnection),
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

/** The state of a user's actor, what it rests on, and how it came about, newest first. `not_found` of nobody. */
export async function explainPresence(
  sources: Sources,
  userId: string,
): Promise<z.infer<typeof presenceExplanation>> {
  const [user, record, ownAvailability, transitions] = await Promise.all([
    sources.directory.users.get(userId),
    readRecord(sources.bus, userId),
    sources.people.availability.chosen(userId),
    orUnavailable(() => sources.history(userId, TRANSITIONS_MAX)),
  ]);
  if (!user && !record && transitions.length === 0)
    throw new PresenceError("not_found", "There is no such person.");
  return {
    userId,
    state: record?.state ?? "offline",
    deadline: record?.deadline == null ? null : new Date(record.deadline).toISOString(),
    ownAvailability,
    connections: mergeConnections(sources, userId, record),
    transitions: transitions.map(({ userId: _, at, connectionId, traceId, ...line }) => ({
      ...line,
      at: new Date(at).toISOString(),
      ...(connectionId === null ? {} : { connectionId }),
      ...(traceId === null ? {} : { traceId }),
    })),
  };
}
