import fastify, { type FastifyInstance } from "fastify";
import type { Registry } from "prom-client";

export interface OpsDeps {
  registry: Pick<Registry, "contentType" | "metrics">;
  /** why the process cannot serve now; empty when it can */
  unready: () => string[] | Promise<string[]>;
}

/** `GET /health/live`, `/health/ready` and `/metrics` on an existing server (CONTRACT 5). */
export function registerOpsRoutes(app: FastifyInstance, deps: OpsDeps): void {
  registerHealthRoutes(app, deps);
  const { registry } = deps;
  app.get("/metrics", async (_request, reply) =>
    reply.header("content-type", registry.contentType).send(await registry.metrics()),
  );
}

/** Health alone: for a port that others than operators reach, who would learn from figures when people come and go. */
export function registerHealthRoutes(app: FastifyInstance, { unready }: Pick<OpsDeps, "unready">): void {
  app.get("/health/live", () => ({ status: "ok" }));
  app.get("/health/ready", async (_request, reply) => {
    const reasons = await unready();
    return reasons.length === 0 ? { status: "ok" } : reply.code(503).send({ status: "unavailable", reasons });
  });
}

/**
 * A server of its own for processes that have no other: listens on `port` (0: any free one).
 * @throws {Error} the port is taken, or not allowed to this user
 */
export async function createOpsServer(
  deps: OpsDeps,
  { port, host }: { port: number; host: string },
): Promise<FastifyInstance> {
  const app = fastify({ logger: false });
  registerOpsRoutes(app, deps);
  await app.listen({ port, host });
  return app;
}
