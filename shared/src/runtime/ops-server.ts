import fastify, { type FastifyInstance } from "fastify";
import type { Registry } from "prom-client";

export interface OpsDeps {
  registry: Registry;
  /** why the process cannot serve now; empty when it can */
  unready: () => string[];
}

/** `GET /health/live`, `/health/ready` and `/metrics` on an existing server (CONTRACT 5). */
export function registerOpsRoutes(app: FastifyInstance, { registry, unready }: OpsDeps): void {
  app.get("/health/live", () => ({ status: "ok" }));
  app.get("/health/ready", (_request, reply) => {
    const reasons = unready();
    return reasons.length === 0 ? { status: "ok" } : reply.code(503).send({ status: "unavailable", reasons });
  });
  app.get("/metrics", async (_request, reply) =>
    reply.header("content-type", registry.contentType).send(await registry.metrics()),
  );
}

/** A server of its own for processes that have no other: listens on `port` (0: any free one). */
export async function createOpsServer(
  deps: OpsDeps,
  { port, host }: { port: number; host: string },
): Promise<FastifyInstance> {
  const app = fastify({ logger: false });
  registerOpsRoutes(app, deps);
  await app.listen({ port, host });
  return app;
}
