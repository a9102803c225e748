import { errorBody, PresenceError } from "@meeshy/shared/codes";
import type { FastifyRequest } from "fastify";
import { authenticate, type Identity } from "../auth/authenticate.ts";
import { credentialsOfHeaders } from "../auth/credentials.ts";
import type { App, RouteDeps } from "./context.ts";
import { traceRequests } from "./request-traces.ts";
import { errorAnswer } from "./schemas.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** who calls, on routes behind {@link requireCaller} */
    caller: Identity | null;
  }
  interface FastifyContextConfig {
    /** `false`: the route itself decides whether a request is a sign of life */
    touches?: boolean;
  }
}

/** Routes of `app` need a token or a session, and using them is a sign of life (CONTRACT 3, 5). */
export function requireCaller(
  app: App,
  {
    directory,
    rules,
    limits,
    touch,
    metrics,
    tracer,
  }: Pick<RouteDeps, "directory" | "rules" | "limits" | "touch" | "metrics" | "tracer">,
): void {
  app.addHook("onRoute", ({ schema }) => {
    if (schema) schema.response = { ...(schema.response as object), "4xx": errorAnswer, "5xx": errorAnswer };
  });
  traceRequests(app, tracer);
  app.decorateRequest("caller", null);
  app.addHook("onRequest", async (request, reply) => {
    // What one person may read is kept by no cache, refusals included.
    reply.header("cache-control", "no-store");
    try {
      // The port for operators counts no addresses.
      const from = { address: request.clientAddress ?? null, limits };
      request.caller = await authenticate(credentialsOfHeaders(request.headers), { directory, rules, from });
      metrics.authRequests.inc({ result: "ok" });
    } catch (error) {
      metrics.authRequests.inc({ result: errorBody(error).code });
      throw error;
    }
    limits.requestOf(request.caller.user.id);
    if (request.routeOptions.config.touches !== false) touchBy(request, touch);
  });
}

/** A request is a sign of life unless it says otherwise. */
export function touchBy(request: FastifyRequest, touch: RouteDeps["touch"]): void {
  if (request.headers["x-presence-passive"] === "1") return;
  touch(callerOf(request).user.id, { traceparent: request.span?.traceparent });
}

/** Routes of `app` are for administrators alone: 403 without the claim. */
export function requireAdmin(app: App): void {
  app.addHook("onRequest", async (request) => {
    if (!callerOf(request).isAdmin) throw new PresenceError("forbidden", "This is for administrators.");
  });
}

export function callerOf(request: FastifyRequest): Identity {
  if (!request.caller) throw new Error(`${request.url} is not behind requireCaller`);
  return request.caller;
}
