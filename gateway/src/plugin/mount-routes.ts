import { createLeases } from "@meeshy/shared/lease-length";
import type { FastifyInstance } from "fastify";
import { registerAdminApi, registerApi } from "../routes/api.ts";
import type { App, RouteDeps } from "../routes/context.ts";
import { configureHttp, limitRequests } from "../routes/http-conventions.ts";
import type { HttpConfig, HttpServers } from "../routes/http-servers.ts";

/**
 * The routes for people and administrators as a part of another server, whose page, origins, headers, health
 * and metrics stay its own. It listens and closes by itself.
 */
export async function mountRoutes(
  host: FastifyInstance,
  prefix: string,
  deps: RouteDeps,
  config: HttpConfig,
): Promise<HttpServers> {
  await host.register(
    async (scope) => {
      const app = scope as unknown as App;
      configureHttp(app, deps.logger);
      limitRequests(app, deps, config);
      await registerApi(app, deps);
      await registerAdminApi(app, { ...deps, leases: createLeases(config, deps.logger) });
    },
    { prefix },
  );
  return {
    public: host.server,
    listen: () => Promise.reject(new Error("the server that this is a part of listens")),
    close: async () => {},
  };
}
