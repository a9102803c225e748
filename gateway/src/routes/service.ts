import { errorBody } from "@meeshy/shared/codes";
import { SERVICE_REQUESTS, type ServiceSubject } from "@meeshy/shared/service-requests";
import { credentialsOfHeaders } from "../auth/credentials.ts";
import { verifyService } from "../auth/verify-token.ts";
import type { App, RouteDeps } from "./context.ts";
import { errorAnswer } from "./schemas.ts";

const SUMMARIES: Record<ServiceSubject, string> = {
  "presence.query":
    "The statuses of up to 500 users, as a viewer, or anyone in their conversations, may see them",
  "presence.activity": "A person did something elsewhere",
  "presence.availability": "What a service says of a person; null: nothing any more",
  "presence.session": "Keep a person online without a socket, for a time; 0: no longer",
  "presence.membership": "The directory has news of a person's conversations",
  "presence.account": "An account has changed",
};

declare module "fastify" {
  interface FastifyRequest {
    /** the name of the service that calls, on its routes */
    service: string | null;
  }
}

/** The requests of CONTRACT 7 for backends without NATS: `POST /api/service/activity` is `presence.activity`. */
export function serviceRoutes(app: App, { rules, limits, metrics, answer }: RouteDeps): void {
  app.decorateRequest("service", null);
  app.addHook("onRequest", async (request) => {
    try {
      const service = await verifyService(credentialsOfHeaders(request.headers).token, rules);
      metrics.authRequests.inc({ result: "ok" });
      limits.requestOfService(service);
      request.service = service;
    } catch (error) {
      const { code } = errorBody(error);
      if (code !== "rate_limited") metrics.authRequests.inc({ result: code });
      throw error;
    }
  });

  for (const [subject, { request: body, answer: answered }] of Object.entries(SERVICE_REQUESTS)) {
    app.post(
      `/${subject.slice("presence.".length)}`,
      {
        schema: {
          summary: SUMMARIES[subject as ServiceSubject],
          body,
          response: { 200: answered, "4xx": errorAnswer, "5xx": errorAnswer },
        },
      },
      // The body is read by the schema, and once more as over NATS: what it filled in stays.
      ({ body: given, service }) => {
        if (service === null) throw new Error("the service is not known");
        return answer(subject as ServiceSubject, () => given, service) as Promise<never>;
      },
    );
  }
}
