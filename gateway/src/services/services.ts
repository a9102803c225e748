import { ERRORS, errorBody, isOwnFault, PresenceError } from "@meeshy/shared/codes";
import type { NatsLink } from "@meeshy/shared/nats/connect";
import { toBytes } from "@meeshy/shared/nats/last-value";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { SERVICE_SUBJECTS, type ServiceSubject } from "@meeshy/shared/service-requests";
import { type Service, type ServiceMsg, Svcm } from "@nats-io/services";
import { NATS_SERVICES } from "../limits/limits.ts";
import type { AnswerRequest } from "./answers.ts";

/** What other services ask over NATS, answered by one of the gateways (CONTRACT 7). */
export interface Services {
  /** Takes no more requests, and answers those that are there. */
  stop(): Promise<void>;
}

export interface ServicesDeps {
  link: NatsLink;
  answer: AnswerRequest;
  /** resolves when requests can be answered */
  ready: Promise<void>;
  logger: Logger;
}

const NAME = "presence";
const VERSION = "1.0.0";
const QUEUE = "gateways";
/** Requests being answered; beyond these, requests are refused with a time to wait. */
const MAX_AT_ONCE = 256;
const RETRY_AFTER_MS = 1_000;
const ANSWERS_WITHIN_MS = 2_000;

export function serveServices({ link, answer, ready, logger }: ServicesDeps): Services {
  const underway = new Set<Promise<void>>();
  const refusals = new Map<string, number>();
  let service: Service | undefined;
  let isStopping = false;

  const respond = async (subject: ServiceSubject, request: ServiceMsg): Promise<void> => {
    try {
      if (underway.size >= MAX_AT_ONCE) {
        throw new PresenceError("rate_limited", "Too much is asked at once.", {
          retryAfterMs: RETRY_AFTER_MS,
        });
      }
      const bytes = toBytes(await answer(subject, () => request.json(), NATS_SERVICES));
      if (bytes.length > (link.nc.info?.max_payload ?? Number.POSITIVE_INFINITY)) {
        throw new PresenceError(
          "payload_too_large",
          "The answer is too large for one message: ask for fewer.",
        );
      }
      request.respond(bytes);
    } catch (error) {
      const body = errorBody(error);
      const { http } = ERRORS[body.code];
      if (isOwnFault(body.code)) logger.error({ err: error, subject }, "request failed");
      refusals.set(subject, (refusals.get(subject) ?? 0) + 1);
      request.respondError(http, body.message, toBytes({ error: body }));
    }
  };

  const start = async () => {
    if (isStopping) return;
    service = await new Svcm(link.nc).add({
      name: NAME,
      version: VERSION,
      description: "Who is online",
      queue: QUEUE,
      statsHandler: async ({ subject }) => ({ refused: refusals.get(subject) ?? 0 }),
    });
    for (const subject of SERVICE_SUBJECTS) {
      service.addEndpoint(subject.slice(`${NAME}.`.length), {
        subject,
        handler: (_error, request) => {
          const answered = respond(subject, request).finally(() => underway.delete(answered));
          underway.add(answered);
        },
      });
    }
    void service.stopped.then((error) => {
      if (error) logger.error({ err: error }, "requests are no longer served");
    });
    if (isStopping) await service.stop();
  };
  ready.then(start).catch((error) => logger.error({ err: error }, "requests cannot be served"));

  return {
    async stop() {
      isStopping = true;
      if (!service) return;
      await Promise.race([
        Promise.all([service.stop(), ...underway]),
        new Promise((resolve) => setTimeout(resolve, ANSWERS_WITHIN_MS)),
      ]);
    },
  };
}
