import { type Msg, type NatsConnection, PermissionViolationError } from "@nats-io/nats-core";
import type { z } from "zod";
import { ERRORS, type ErrorCode, PresenceError } from "../codes.ts";
import { toBytes } from "../nats/last-value.ts";
import {
  ERROR_CODE_HEADER,
  ERROR_HEADER,
  SERVICE_REQUESTS,
  type ServiceSubject,
} from "../service-requests.ts";

type Request<S extends ServiceSubject> = z.input<(typeof SERVICE_REQUESTS)[S]["request"]>;
type Answer<S extends ServiceSubject> = z.output<(typeof SERVICE_REQUESTS)[S]["answer"]>;

const ANSWER_MS = 3_000;
/** Every request may be repeated; a second one finds another gateway where the first one's has died. */
const ATTEMPTS = 2;

/**
 * Makes a request of CONTRACT 7, at most twice; each attempt waits 3 s for an answer.
 * @throws {PresenceError} the service's own refusal; `forbidden`: the user of this connection may not use the
 *   subject; `unavailable`: no answer
 * @throws {ZodError} the answer is not of the contract
 */
export async function request<S extends ServiceSubject>(
  nc: NatsConnection,
  subject: S,
  payload: Request<S>,
): Promise<Answer<S>> {
  const answer = await send(nc, subject, toBytes(payload));
  if (answer.headers?.has(ERROR_CODE_HEADER)) throw refusal(answer);
  return SERVICE_REQUESTS[subject].answer.parse(answer.json()) as Answer<S>;
}

async function send(nc: NatsConnection, subject: string, data: Uint8Array): Promise<Msg> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await nc.request(subject, data, { timeout: ANSWER_MS });
    } catch (cause) {
      if (cause instanceof Error && cause.cause instanceof PermissionViolationError) {
        throw new PresenceError("forbidden", `This user may not use ${subject}.`, { cause });
      }
      if (attempt < ATTEMPTS && !nc.isClosed()) continue;
      throw new PresenceError("unavailable", `No service answers on ${subject}.`, { cause });
    }
  }
}

function refusal(answer: Msg): PresenceError {
  const { error } = readBody(answer);
  const code: ErrorCode = error?.code !== undefined && error.code in ERRORS ? error.code : "internal";
  const message = error?.message ?? answer.headers?.get(ERROR_HEADER) ?? "The request was refused.";
  return new PresenceError(code, message, {
    ...(error?.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
    ...(error?.details === undefined ? {} : { details: error.details }),
  });
}

interface Refusal {
  error?: { code?: ErrorCode; message?: string; retryAfterMs?: number; details?: unknown };
}

function readBody(answer: Msg): Refusal {
  try {
    return answer.json<Refusal>();
  } catch {
    return {};
  }
}
