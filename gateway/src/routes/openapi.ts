import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import type { App } from "./context.ts";

/** What a route is about, by the first part of its path, as the page groups them. */
const GROUPS: Record<string, string> = {
  users: "People",
  conversations: "Conversations",
  messages: "Messages",
  admin: "Administration",
  service: "Services",
};
const groupOf = (url: string): string => GROUPS[/\/api\/([^/]+)/.exec(url)?.[1] ?? ""] ?? "Operations";

/** Describes the routes that are registered after it: `/api/openapi.json`, and a page at `/api/docs` (CONTRACT 5). */
export async function describeApi(app: App): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "Meeshy presence",
        description:
          "Who is online. Errors are `{ error: { code, message, retryable, retryAfterMs?, details? } }`. " +
          "An authenticated request counts as activity unless it carries `x-presence-passive: 1`.",
        version: "1",
      },
      components: {
        securitySchemes: {
          token: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
          session: { type: "apiKey", in: "header", name: "x-session-token" },
        },
      },
      security: [{ token: [] }, { session: [] }],
    },
    transform: (route) => {
      const { schema, url } = jsonSchemaTransform(route);
      return { schema: { ...schema, tags: [groupOf(url)] }, url };
    },
  });
  await app.register(swaggerUi, {
    routePrefix: "/api/docs",
    theme: { title: "Meeshy presence: API" },
    staticCSP: true,
    // A stack on one machine is served over plain http.
    transformStaticCSP: (policy) => policy.replace("upgrade-insecure-requests;", ""),
  });
  app.get("/api/openapi.json", { schema: { hide: true } }, () => app.swagger());
}
