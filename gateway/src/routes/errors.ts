import { ERRORS, type ErrorBody, errorBody, isOwnFault, PresenceError } from "@meeshy/shared/codes";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import type { App } from "./context.ts";

/** Failures on HTTP: `{ error: { code, message, retryable, … } }` for all of them (CONTRACT 5). */

/** The wait suggested where the failure itself suggests none. */
const RETRY_AFTER_MS = 1_000;

export function handleErrors(app: App, logger: Logger): void {
  app.setErrorHandler((error: unknown, request, reply) => {
    const failure = toPresenceError(error);
    if (!failure || isOwnFault(failure.code)) {
      logger.error({ err: error, method: request.method, route: request.routeOptions.url }, "request failed");
    }
    return sendError(reply, errorBody(failure ?? error));
  });
}

/** A browser that opens an unknown address gets `page`, everything else the error. */
export function refuseUnknownRoutes(app: App, page = NO_PAGE): void {
  app.setNotFoundHandler((request, reply) =>
    isNavigation(request)
      ? reply.code(404).header("cache-control", "no-cache").type("text/html; charset=utf-8").send(page)
      : sendError(reply, new PresenceError("not_found", "There is no such route.").toBody()),
  );
}

const NO_PAGE =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Page not found</title><h1>Page not found</h1><p><a href="/">Meeshy presence</a></p></html>';

/** Scripts ask for `*\/*` or JSON; what a person types into the address bar is asked for as HTML. */
const isNavigation = ({ method, headers }: FastifyRequest): boolean =>
  (method === "GET" || method === "HEAD") && (headers.accept ?? "").includes("text/html");

/** For what Fastify refuses before a route is found, like a path that cannot be decoded. */
export function refuseBadPath(error: FastifyError, _request: FastifyRequest, reply: FastifyReply): void {
  void sendError(reply, errorBody(toPresenceError(error) ?? error));
}

function sendError(reply: FastifyReply, body: ErrorBody): FastifyReply {
  const { http } = ERRORS[body.code];
  if (http === 429 || http === 503) {
    reply.header("retry-after", Math.ceil((body.retryAfterMs ?? RETRY_AFTER_MS) / 1_000));
  }
  if (http === 401) reply.header("www-authenticate", "Bearer");
  return reply.code(http).send({ error: body });
}

function toPresenceError(error: unknown): PresenceError | undefined {
  if (error instanceof PresenceError) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const details = error.validation.map(({ instancePath, message }) => ({ path: instancePath, message }));
    return new PresenceError("bad_request", "The request does not have the shape of this route.", {
      details,
    });
  }
  const status = statusOf(error);
  if (status === 413) return new PresenceError("payload_too_large", "The request is too large.");
  if (status === undefined || status < 400 || status >= 500) return undefined;
  return new PresenceError(
    "bad_request",
    error instanceof Error ? error.message : "The request cannot be read.",
  );
}

const statusOf = (error: unknown): number | undefined =>
  error instanceof Error && "statusCode" in error && typeof error.statusCode === "number"
    ? error.statusCode
    : undefined;
