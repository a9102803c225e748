import { createBoundedCache } from "@meeshy/shared/bounded-cache";
import type { NatsConnection } from "@nats-io/nats-core";
import type { FastifyInstance, FastifyRequest } from "fastify";
import fastifyPlugin from "fastify-plugin";

/** Options of {@link presenceActivity}. */
export interface PresenceActivityOptions {
  /** a connection of the NATS user `service` (CONTRACT 7) */
  nc: Pick<NatsConnection, "request">;
  /** who makes the request, as the backend's own authentication has found out; null: an unknown caller */
  userOf: (request: FastifyRequest) => string | null | undefined;
  /** At most one report of a person in this time, in ms. */
  throttleMs?: number;
}

const SUBJECT = "presence.activity";
const THROTTLE_MS = 60_000;
const ANSWER_MS = 2_000;
const REMEMBERED = 100_000;

/**
 * Lets any backend report that its people are there: each request of a person counts as activity, unless it carries
 * `x-presence-passive: 1`. It reports after the response, so that it delays none; a report that fails is logged, and
 * the person's next request makes another.
 */
export const presenceActivity = fastifyPlugin(
  async (app: FastifyInstance, { nc, userOf, throttleMs = THROTTLE_MS }: PresenceActivityOptions) => {
    const reported = createBoundedCache<true>({ max: REMEMBERED, ttl: throttleMs });
    app.addHook("onResponse", (request, _reply, done) => {
      done();
      if (request.headers["x-presence-passive"] === "1") return;
      const userId = userOf(request);
      if (!userId || reported.has(userId)) return;
      reported.set(userId, true);
      nc.request(SUBJECT, JSON.stringify({ userId }), { timeout: ANSWER_MS })
        .then((answer) => {
          const code = answer.headers?.get("Nats-Service-Error-Code");
          if (code) throw new Error(`refused with ${code}: ${answer.headers?.get("Nats-Service-Error")}`);
        })
        .catch((error: unknown) => {
          reported.delete(userId);
          request.log.warn({ err: error }, "activity not reported");
        });
    });
  },
  { name: "presence-activity", fastify: "5.x" },
);
