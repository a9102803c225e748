import { PresenceError } from "@meeshy/shared/codes";
import { gatewayBeatSchema, sweeperBeatSchema, workerBeatSchema } from "@meeshy/shared/events";
import type { Leases } from "@meeshy/shared/lease-length";
import { fromBytes } from "@meeshy/shared/nats/last-value";
import type { Bus } from "@meeshy/shared/ports/bus";
import { leaseKeys, SUBJECT_CLEANUP } from "@meeshy/shared/subjects";
import { z } from "zod";
import { type Beats, toMaintenanceStats } from "../core/maintenance-stats.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { BoardNow } from "../status/board-view.ts";
import { type ConnectionSources, readConnections } from "../status/open-connections.ts";
import { callerOf } from "./caller.ts";
import type { App, RouteDeps } from "./context.ts";
import { explainPresence, presenceExplanation } from "./explain-presence.ts";
import { listPeople, peopleAnswer, peopleQuery } from "./list-people.ts";
import { boardNow, partitionsAnswer, readPartitions, SWEEPER_SILENCE_MS } from "./read-partitions.ts";
import { personIdParams } from "./schemas.ts";
import { openTransitionEvents } from "./transition-events.ts";

const statsAnswer = z.object({
  maintenanceActive: z.boolean(),
  lastCleanupAt: z.string().nullable(),
  lastCleanupDurationMs: z.number().nullable(),
  zombiesCleanedTotal: z.int(),
  zombiesCleanedPerMinute: z.int(),
  totalUsersOnline: z.int(),
  totalUsersActive: z.int(),
  activeConnections: z.int(),
  sweeper: z.object({ state: z.enum(["running", "paused"]), reason: z.string().optional() }),
  gateways: z.int(),
  workers: z.int(),
});
const cleanupAnswer = z.object({ examined: z.int(), cleaned: z.int() });
const disconnectAnswer = z.object({ disconnected: z.int() });

const CLEANUP_TIMEOUT_MS = 4_000;
const OFFLINE_WITHIN_MS = 2_000;
const LOOK_EVERY_MS = 25;

type AdminDeps = RouteDeps & { leases: Leases };

/** For administrators (CONTRACT 5). */
export function adminRoutes(app: App, deps: AdminDeps): void {
  overviewRoutes(app, deps);
  personRoutes(app, deps);
}

/** The whole system. */
function overviewRoutes(app: App, { staleness, leases, ...sources }: AdminDeps): void {
  app.get(
    "/maintenance/stats",
    { schema: { summary: "Figures of the whole system", response: { 200: statsAnswer } } },
    () => toMaintenanceStats(readBeats(boardNow(staleness), leases)),
  );

  app.post(
    "/maintenance/cleanup-zombies",
    { schema: { summary: "Sweep the database now", response: { 200: cleanupAnswer } } },
    () => requestCleanup(sources.bus),
  );

  app.get(
    "/partitions",
    {
      schema: {
        summary:
          "Owners and progress of the partitions, and the processes that have lately given a sign of life",
        response: { 200: partitionsAnswer },
      },
    },
    () => readPartitions(boardNow(staleness), leases),
  );

  app.get(
    "/transitions",
    {
      exposeHeadRoute: false,
      schema: {
        summary: "Everyone's transitions from now on, as server-sent events",
        response: {
          200: {
            description:
              "Events `transition` whose data is JSON: userId, epoch, version, at, from, to, cause, connectionId, traceId",
            content: { "text/event-stream": { schema: z.string() } },
          },
        },
      },
    },
    async (request, reply) => {
      const events = await openTransitionEvents(sources, callerOf(request));
      // Proxies that hold answers back until they are whole would show none of them.
      reply.header("content-type", "text/event-stream").header("x-accel-buffering", "no");
      return reply.send(events as unknown as string);
    },
  );
}

/** The people. */
function personRoutes(app: App, sources: AdminDeps): void {
  app.get(
    "/users",
    {
      schema: {
        summary: "A page of people, registered and anonymous, in the order of their ids",
        querystring: peopleQuery,
        response: { 200: peopleAnswer },
      },
    },
    (request) => {
      sources.limits.entriesOf(callerOf(request).user.id, request.query.limit);
      return listPeople(sources, request.query);
    },
  );

  app.post(
    "/users/:userId/disconnect",
    {
      schema: {
        summary: "Close every connection of a user, on every gateway",
        params: personIdParams,
        response: { 200: disconnectAnswer },
      },
    },
    async (request) => {
      const { userId } = request.params;
      const before = await readConnections(sources, userId);
      const seq = await sources.log
        .disconnectAll(userId, request.span?.traceparent)
        .catch((cause: unknown) => {
          throw new PresenceError("unavailable", "The order could not be written.", { cause });
        });
      if (!(await isCarriedOut(sources, userId, seq))) {
        throw new PresenceError("unavailable", "The order is written, and not carried out yet.");
      }
      return { disconnected: before.length };
    },
  );

  app.get(
    "/users/:userId/presence",
    {
      schema: {
        summary: "Why a user is shown as they are",
        params: personIdParams,
        response: { 200: presenceExplanation },
      },
    },
    (request) => explainPresence(sources, request.params.userId),
  );
}

/** How long the process under a key may be silent, ms. */
type SilenceOf = (key: string, value: unknown) => number;

function readBeats(board: BoardNow, leases: Leases): Beats {
  const alive = <S extends z.ZodType>(prefix: string, schema: S, silenceMs: SilenceOf): z.infer<S>[] =>
    board
      .list(prefix)
      .filter(({ key, value, changedAt }) => board.at - changedAt <= silenceMs(key, value))
      .flatMap(({ value }) => schema.safeParse(value).data ?? []);
  return {
    gateways: alive(leaseKeys.gateway(""), gatewayBeatSchema, leases.gateways.of).filter(({ lost }) => !lost),
    workers: alive(leaseKeys.worker(""), workerBeatSchema, leases.workers.of),
    sweepers: alive(leaseKeys.sweeper(""), sweeperBeatSchema, () => SWEEPER_SILENCE_MS),
  };
}

async function requestCleanup(bus: Bus): Promise<z.infer<typeof cleanupAnswer>> {
  try {
    const answer = await bus.request(SUBJECT_CLEANUP, new Uint8Array(), CLEANUP_TIMEOUT_MS);
    return cleanupAnswer.parse(fromBytes(answer));
  } catch (cause) {
    throw new PresenceError("unavailable", "No sweeper has answered.", { cause });
  }
}

/**
 * Waits until the user is shown offline since the order at log sequence `seq`, or was not shown online to
 * begin with and has no connection left. False when that takes too long.
 */
async function isCarriedOut(
  sources: ConnectionSources & { feed: StatusFeed },
  userId: string,
  seq: number,
): Promise<boolean> {
  const { clock } = sources.bus;
  const deadline = clock.now() + OFFLINE_WITHIN_MS;
  while (clock.now() < deadline) {
    const shown = sources.feed.shown(userId);
    if (!shown?.isOnline) {
      if (shown && shown.version >= seq) return true;
      if ((await readConnections(sources, userId)).length === 0) return true;
    }
    await clock.sleep(LOOK_EVERY_MS);
  }
  return false;
}
