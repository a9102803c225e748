import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import type { GatewayConfig } from "../config.ts";
import { clientAddress } from "../core/client-address.ts";
import type { App, RouteDeps } from "./context.ts";
import { handleErrors } from "./errors.ts";
import { readJsonBodies } from "./json-bodies.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** whom the request is counted for; null: it names no single client */
    clientAddress: string | null;
  }
}

/** What holds for our routes wherever they are served: on a server of ours, or as a part of another. */

/** How every route reads, checks, answers and fails. */
export function configureHttp(app: App, logger: RouteDeps["logger"]): void {
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  readJsonBodies(app);
  handleErrors(app, logger);
}

/** Probes and metrics are never rate limited. */
const UNLIMITED = /^\/(health\/|metrics(\?|$))/;

export function limitRequests(
  app: App,
  { limits }: RouteDeps,
  { trustedProxies }: Pick<GatewayConfig, "trustedProxies">,
): void {
  app.decorateRequest("clientAddress", null);
  app.addHook("onRequest", async (request) => {
    const { url, socket, headers } = request;
    if (UNLIMITED.test(url)) return;
    const forwarded = headers["x-forwarded-for"]?.toString();
    request.clientAddress = clientAddress(socket.remoteAddress, forwarded, trustedProxies);
    limits.requestFrom(request.clientAddress);
  });
}
