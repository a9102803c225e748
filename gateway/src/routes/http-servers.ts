import type { Socket } from "node:net";
import cors from "@fastify/cors";
import helmet from "@fastify/helmet";
import { errorBody, PresenceError } from "@meeshy/shared/codes";
import { createLeases } from "@meeshy/shared/lease-length";
import { registerHealthRoutes, registerOpsRoutes } from "@meeshy/shared/runtime/ops-server";
import fastify, { type FastifyInstance } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { GatewayConfig } from "../config.ts";
import { HEADER_MAX_BYTES } from "../core/http-limits.ts";
import { registerAdminApi, registerApi } from "./api.ts";
import type { App, RouteDeps } from "./context.ts";
import { refuseBadPath, refuseUnknownRoutes } from "./errors.ts";
import { configureHttp, limitRequests } from "./http-conventions.ts";
import { describeApi } from "./openapi.ts";
import { readPage, servePage } from "./static-page.ts";

export interface HttpServers {
  /** the server that clients use, and Socket.IO with it */
  public: FastifyInstance["server"];
  listen(): Promise<{ port: number; opsPort: number | undefined }>;
  close(): Promise<void>;
}

export type HttpConfig = Pick<
  GatewayConfig,
  | "host"
  | "port"
  | "opsPort"
  | "corsOrigins"
  | "webDir"
  | "tokenCommand"
  | "demoPeopleFile"
  | "gatewayLeaseMs"
  | "workerLeaseMs"
  | "trustedProxies"
>;

/** Time to send a whole request; sockets are not requests. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Connections that the kernel keeps for us: beyond it, clients of a storm would hang in ever longer TCP retries. */
const BACKLOG = 4_096;
const BODY_MAX_BYTES = 64 * 1024;
/** An id of 200 characters, four bytes each, `%HH` a byte. */
const PARAM_MAX_LENGTH = 2_400;

/** The public server, and the one for operations when it has a port of its own (CONTRACT 2, `OPS_PORT`). */
export async function createHttpServers(deps: RouteDeps, config: HttpConfig): Promise<HttpServers> {
  const isApart = config.opsPort !== undefined;
  const page = config.webDir === undefined ? undefined : await readPage(config.webDir);

  const app = createServer(deps, page?.notFound);
  await app.register(helmet, { contentSecurityPolicy: { directives: contentPolicy(page?.inlineHashes) } });
  await app.register(cors, {
    origin: config.corsOrigins.includes("*") ? true : config.corsOrigins,
    methods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
  });
  // After CORS, so that pages of other origins can read that they have to wait.
  limitRequests(app, deps, config);
  await describeApi(app);
  await registerApi(app, deps);
  const ops = isApart ? createServer(deps) : app;
  const withLeases = { ...deps, leases: createLeases(config, deps.logger) };
  for (const server of new Set([app, ops])) await registerAdminApi(server, withLeases);
  registerOpsRoutes(ops as unknown as FastifyInstance, deps.ops);
  if (isApart) registerHealthRoutes(app as unknown as FastifyInstance, deps.ops);
  if (page) await servePage(app, page, config);
  await Promise.all([app.ready(), ops.ready()]);

  return {
    public: app.server,
    async listen() {
      await app.listen({ host: config.host, port: config.port, backlog: BACKLOG });
      if (isApart) await ops.listen({ host: config.host, port: config.opsPort ?? 0 });
      return { port: portOf(app), opsPort: isApart ? portOf(ops) : undefined };
    },
    async close() {
      await app.close();
      if (isApart) await ops.close();
    },
  };
}

function createServer({ logger }: RouteDeps, notFound?: string): App {
  const app = fastify({
    logger: false,
    bodyLimit: BODY_MAX_BYTES,
    http: { maxHeaderSize: HEADER_MAX_BYTES },
    routerOptions: { maxParamLength: PARAM_MAX_LENGTH },
    requestTimeout: REQUEST_TIMEOUT_MS,
    forceCloseConnections: true,
    frameworkErrors: refuseBadPath,
    clientErrorHandler: refuseUnreadable,
  }).withTypeProvider<ZodTypeProvider>();
  configureHttp(app, logger);
  refuseUnknownRoutes(app, notFound);
  return app;
}

/** What is no HTTP, or has too long a head, gets an answer of our shape and the end of its connection. */
function refuseUnreadable(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) return;
  const isTooLong = error.code === "HPE_HEADER_OVERFLOW";
  const failure = isTooLong
    ? new PresenceError("payload_too_large", "The head of the request is too large.")
    : new PresenceError("bad_request", "The request cannot be read.");
  const body = JSON.stringify({ error: errorBody(failure) });
  const status = isTooLong ? "431 Request Header Fields Too Large" : "400 Bad Request";
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

/** Inline scripts and styles run by their hashes alone; plain http stays possible, for a stack on one machine. */
const contentPolicy = (inline = { scripts: [] as string[], styles: [] as string[] }) => ({
  scriptSrc: ["'self'", ...inline.scripts],
  styleSrc: ["'self'", ...inline.styles],
  connectSrc: ["'self'", "ws:", "wss:"],
  upgradeInsecureRequests: null,
});

const portOf = (app: App): number => {
  const address = app.server.address();
  return typeof address === "object" && address ? address.port : 0;
};
