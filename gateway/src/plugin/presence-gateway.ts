import { createLifecycle } from "@meeshy/shared/runtime/lifecycle";
import type { FastifyInstance } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { createGateway, type Gateway, type GatewayDeps } from "../app.ts";
import type { GatewayConfig } from "../config.ts";
import type { RouteDeps } from "../routes/context.ts";
import { mountRoutes } from "./mount-routes.ts";

declare module "fastify" {
  interface FastifyInstance {
    /** the gateway that {@link presenceGateway} has put into this server */
    presenceGateway: Pick<Gateway, "unready">;
  }
}

/** Options of {@link presenceGateway}; `deps` and `config` are what `gateway/src/main.ts` builds. */
export interface PresenceGatewayOptions {
  deps: GatewayDeps;
  config: GatewayConfig;
  /** before `/api/…`; Socket.IO is at `config.socketPath` */
  prefix?: string;
}

/**
 * A gateway inside an existing Fastify server: Socket.IO on its port, our routes under a prefix. Its error handler,
 * schemas and limits hold for those routes alone. It drains and stops when the server closes; the host listens, and
 * reports its own health, to which `presenceGateway.unready()` contributes.
 */
export const presenceGateway = fastifyPlugin(
  async (host: FastifyInstance, { deps, config, prefix = "" }: PresenceGatewayOptions) => {
    const lifecycle = createLifecycle(deps.logger);
    const mount = (routes: RouteDeps) => mountRoutes(host, prefix, routes, config);
    const gateway = await createGateway(deps, config, lifecycle, mount);
    host.decorate("presenceGateway", { unready: gateway.unready });
    host.addHook("preClose", () => lifecycle.stop());
  },
  { name: "presence-gateway", fastify: "5.x" },
);
