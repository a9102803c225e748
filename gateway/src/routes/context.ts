import type { IncomingMessage, ServerResponse } from "node:http";
import type { TransitionRow } from "@meeshy/shared/db/transitions";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Registry } from "prom-client";
import type { TokenRules } from "../auth/verify-token.ts";
import type { Chat } from "../chat/chat.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { Limits } from "../limits/limits.ts";
import type { TouchActivity } from "../log/activity.ts";
import type { EventLog } from "../log/event-log.ts";
import type { GatewayMetrics } from "../metrics.ts";
import type { People } from "../people/people.ts";
import type { LargeRooms } from "../rooms/large-rooms.ts";
import type { Connections } from "../sockets/connections.ts";

/** What routes are made from. */
export interface RouteDeps {
  bus: Bus;
  board: LeaseBoard;
  directory: CachedDirectory;
  rules: TokenRules;
  limits: Limits;
  feed: StatusFeed;
  log: EventLog;
  connections: Connections;
  chat: Chat;
  people: People;
  /** a person's last lines of history, newest first */
  history: (userId: string, limit: number) => Promise<TransitionRow[]>;
  touch: TouchActivity;
  /** the counts of a conversation; rejects with `unavailable` */
  occupancyOf: LargeRooms["count"];
  metrics: GatewayMetrics;
  registry: Registry;
  unready: () => string[];
  logger: Logger;
}

/** A server whose schemas are zod's. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;
