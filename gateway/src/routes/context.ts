import type { IncomingMessage, ServerResponse } from "node:http";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { PeopleList } from "@meeshy/shared/ports/people-list";
import type { Tracer } from "@meeshy/shared/ports/tracing";
import type { TransitionHistory } from "@meeshy/shared/ports/transition-history";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { OpsDeps } from "@meeshy/shared/runtime/ops-server";
import type { ServiceSubject } from "@meeshy/shared/service-requests";
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { AuthRules } from "../auth/authenticate.ts";
import type { People } from "../changes/people.ts";
import type { Chat } from "../chat/chat.ts";
import type { Connections } from "../connections/connections.ts";
import type { MemberPages } from "../delivery/member-pages.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { Limits } from "../limits/limits.ts";
import type { TouchActivity } from "../log/activity.ts";
import type { EventLog } from "../log/event-log.ts";
import type { GatewayMetrics } from "../metrics.ts";
import type { Staleness } from "../status/staleness.ts";
import type { StatusReader } from "../status/status-reader.ts";
import type { TransitionStream } from "../status/transition-stream.ts";

/** What routes are made from. */
export interface RouteDeps {
  bus: Bus;
  board: LeaseBoard;
  staleness: Pick<Staleness, "boardNow">;
  directory: CachedDirectory;
  rules: AuthRules;
  limits: Limits;
  feed: StatusFeed;
  log: EventLog;
  connections: Connections;
  chat: Chat;
  people: People;
  statuses: StatusReader;
  /** a person's last lines of history, newest first */
  history: TransitionHistory["recent"];
  /** everyone's lines as they are stored */
  transitions: TransitionStream;
  /** people with their stored presence */
  peopleList: PeopleList;
  touch: TouchActivity;
  memberPages: MemberPages;
  /** carries out a request of another service */
  answer: (subject: ServiceSubject, payload: () => unknown, service: string) => Promise<unknown>;
  metrics: GatewayMetrics;
  tracer: Tracer;
  /** of the whole port */
  ops: OpsDeps;
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
