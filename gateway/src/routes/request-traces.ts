import type { Span, Tracer } from "@meeshy/shared/ports/tracing";
import type { App } from "./context.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** of this request, on routes that are traced */
    span: Span | null;
  }
}

/** Each request of `app` is a span, which belongs to the trace that its `traceparent` names. */
export function traceRequests(app: App, tracer: Tracer): void {
  app.decorateRequest("span", null);
  if (!tracer.isRecording) {
    // The client's own context still reaches the log.
    app.addHook("onRequest", async (request) => {
      const parent = request.headers.traceparent;
      if (typeof parent === "string") request.span = tracer.start("", { kind: "server", parent });
    });
    return;
  }
  app.addHook("onRequest", async (request) => {
    const { method, routeOptions, headers } = request;
    const route = routeOptions.url ?? "unknown";
    request.span = tracer.start(`${method} ${route}`, {
      kind: "server",
      parent: headers.traceparent?.toString(),
      attributes: { "http.request.method": method, "http.route": route },
    });
  });
  app.addHook("onResponse", async ({ span }, { statusCode }) => {
    span?.end({
      attributes: { "http.response.status_code": statusCode },
      ...(statusCode >= 500 ? { error: `HTTP ${statusCode}` } : {}),
    });
  });
}
