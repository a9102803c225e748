import type { Credentials } from "./credentials.ts";
import type { ErrorBody } from "./wire.ts";

/** A refused or failed request. Show `errorText(error.code)`, not `message`, which is for developers. */
export class PresenceRequestError extends Error {
  readonly code: ErrorBody["code"];
  readonly retryable: boolean;

  constructor({ code, message, retryable }: ErrorBody) {
    super(message);
    this.name = "PresenceRequestError";
    this.code = code;
    this.retryable = retryable;
  }
}

/**
 * A request to the REST interface (CONTRACT 5) as this person; `path` follows the API's base. It counts as no activity.
 * @throws {PresenceRequestError} the request failed, or was refused
 */
export type Request = <T>(
  path: string,
  method?: "GET" | "PUT" | "PATCH" | "DELETE",
  body?: unknown,
) => Promise<T>;

const ANSWER_MS = 10_000;

export function createRequest(base: string, credentials: Credentials, call: typeof fetch): Request {
  const once = async (path: string, method: string, body: unknown): Promise<Response> => {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), ANSWER_MS);
    try {
      return await call(base + path, {
        method,
        headers: {
          ...(await credentials.headers()),
          // What a client reads by itself is no activity of the person.
          "x-presence-passive": "1",
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        signal: abort.signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    } catch (error) {
      throw new PresenceRequestError({ code: "unavailable", message: String(error), retryable: true });
    } finally {
      clearTimeout(timer);
    }
  };
  return async <T>(path: string, method = "GET", body?: unknown): Promise<T> => {
    let answer = await once(path, method, body);
    if (answer.status === 401 && credentials.isRenewable) {
      credentials.forget();
      answer = await once(path, method, body);
    }
    const content: unknown = await answer.json().catch(() => null);
    if (answer.ok) return content as T;
    throw new PresenceRequestError(
      readError(content) ?? {
        code: answer.status < 500 ? "bad_request" : "unavailable",
        message: `HTTP ${answer.status}`,
        retryable: answer.status >= 500,
      },
    );
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/** The error in an answer's body; undefined: it is none of ours. */
function readError(content: unknown): ErrorBody | undefined {
  const error = isRecord(content) ? content.error : undefined;
  return isErrorBody(error) ? error : undefined;
}

export const isErrorBody = (value: unknown): value is ErrorBody =>
  isRecord(value) && typeof value.code === "string" && "message" in value && "retryable" in value;
