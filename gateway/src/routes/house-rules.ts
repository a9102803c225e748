import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import type { GatewayConfig } from "../config.ts";
import { clientAddress } from "../core/client-address.ts";
import type { App, RouteDeps } from "./context.ts";
import { handleErrors } from "./errors.ts";
import { readJsonBodies } from "./json-bodies.ts";

/** What holds for our routes wherever they are served: on a server of ours, or as a part of another. */

/** How every route reads, checks, answers and fails. */
export function speakOurWay(app: App, logger: RouteDeps["logger"]): void {
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  readJsonBodies(app);
  handleErrors(app, logger);
}

/** Whoever watches over the service may always look. */
const UNLIMITED = /^\/(health\/|metrics(\?|$))/;

export function limitRequests(
  app: App,
  { limits }: RouteDeps,
  { trustedProxies }: Pick<GatewayConfig, "trustedProxies">,
): void {
  app.addHook("onRequest", async ({ url, socket, headers }) => {
    if (UNLIMITED.test(url)) return;
    limits.requestFrom(
      clientAddress(socket.remoteAddress, headers["x-forwarded-for"]?.toString(), trustedProxies),
    );
  });
}
