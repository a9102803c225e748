/** Catalogue of every error that leaves a process: its HTTP status, and whether trying again may help. */
export const ERRORS = {
  bad_request: { http: 400, retryable: false },
  unauthorized: { http: 401, retryable: false },
  token_expired: { http: 401, retryable: false },
  session_expired: { http: 401, retryable: false },
  account_disabled: { http: 403, retryable: false },
  forbidden: { http: 403, retryable: false },
  not_found: { http: 404, retryable: false },
  payload_too_large: { http: 413, retryable: false },
  too_many_ids: { http: 400, retryable: false },
  unknown_event: { http: 400, retryable: false },
  rate_limited: { http: 429, retryable: true },
  internal: { http: 500, retryable: true },
  not_implemented: { http: 501, retryable: false },
  unavailable: { http: 503, retryable: true },
} as const;

/** Name of an error of {@link ERRORS}; what each means to a caller stands in CONTRACT 3 and 5. */
export type ErrorCode = keyof typeof ERRORS;

/** What a client receives of a failure (CONTRACT 3–5). */
export interface ErrorBody {
  code: ErrorCode;
  message: string;
  retryable: boolean;
  retryAfterMs?: number;
  details?: unknown;
}

/** A failure that may be shown to the caller as it is. Anything else is reported as `internal`, without its text. */
export class PresenceError extends Error {
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;
  readonly details: unknown;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; retryAfterMs?: number; details?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = "PresenceError";
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    this.details = options.details;
  }

  /** The error as callers receive it, on HTTP, Socket.IO and NATS alike. */
  toBody(): ErrorBody {
    return {
      code: this.code,
      message: this.message,
      retryable: ERRORS[this.code].retryable,
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
      ...(this.details === undefined ? {} : { details: this.details }),
    };
  }
}

/** The public body of any thrown value: details of unforeseen errors stay inside. */
export function errorBody(error: unknown): ErrorBody {
  if (error instanceof PresenceError) return error.toBody();
  return { code: "internal", message: "Something went wrong on our side.", retryable: true };
}

/** Whether a process that answers so should log it: not what the caller, or the way it was installed, has to answer for. */
export const isOwnFault = (code: ErrorCode): boolean =>
  ERRORS[code].http >= 500 && code !== "not_implemented";
