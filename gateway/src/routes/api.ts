import type { Leases } from "@meeshy/shared/lease-length";
import { adminRoutes } from "./admin.ts";
import { requireAdmin, requireCaller } from "./caller.ts";
import type { App, RouteDeps } from "./context.ts";
import { conversationRoutes } from "./conversations.ts";
import { messageRoutes } from "./messages.ts";
import { selfRoutes } from "./self.ts";
import { serviceRoutes } from "./service.ts";
import { userRoutes } from "./users.ts";

/** The routes for people, and for other services. */
export async function registerApi(app: App, deps: RouteDeps): Promise<void> {
  await app.register(
    async (api: App) => {
      requireCaller(api, deps);
      userRoutes(api, deps);
      selfRoutes(api, deps);
      conversationRoutes(api, deps);
      messageRoutes(api, deps);
    },
    { prefix: "/api" },
  );
  await app.register(async (api: App) => serviceRoutes(api, deps), { prefix: "/api/service" });
}

/** The routes for administrators, which may live on a port of their own. */
export async function registerAdminApi(app: App, deps: RouteDeps & { leases: Leases }): Promise<void> {
  await app.register(
    async (api: App) => {
      requireCaller(api, deps);
      requireAdmin(api);
      adminRoutes(api, deps);
    },
    { prefix: "/api/admin" },
  );
}
