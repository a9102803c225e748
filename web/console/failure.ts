/** Why a request has no answer that can be shown. */
export type FailureKind =
  /** no token, or one that is not valid any more */
  | "unauthorized"
  /** a user's token */
  | "forbidden"
  | "not-found"
  /** 503, or 429: it is worth to try again */
  | "unavailable"
  /** no answer at all */
  | "unreachable"
  | "refused";

/** A request that failed; `message` is a sentence for the operator. */
export class ConsoleError extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string) {
    super(message);
    this.name = "ConsoleError";
    this.kind = kind;
  }
}

const TEXTS: Record<Exclude<FailureKind, "refused" | "unavailable">, string> = {
  unauthorized: "This token is not valid, or has expired. Paste a new one.",
  forbidden: "This token belongs to a user, not to an administrator. The console is for administrators only.",
  "not-found": "The gateway does not know this.",
  unreachable: "The gateway does not answer.",
};

/** The failure that an answer with this status and body is. */
export function failureOf(status: number, body: unknown): ConsoleError {
  const said = messageIn(body);
  if (status === 401) return new ConsoleError("unauthorized", TEXTS.unauthorized);
  if (status === 403) return new ConsoleError("forbidden", TEXTS.forbidden);
  if (status === 404) return new ConsoleError("not-found", said ?? TEXTS["not-found"]);
  if (status === 429) return new ConsoleError("unavailable", "Too many requests: the gateway asks to wait.");
  if (status >= 500)
    return new ConsoleError("unavailable", said ?? `The gateway cannot answer now (HTTP ${status}).`);
  return new ConsoleError("refused", said ?? `The gateway refused this (HTTP ${status}).`);
}

/** The failure that something thrown is. */
export const asFailure = (error: unknown): ConsoleError =>
  error instanceof ConsoleError ? error : new ConsoleError("unreachable", TEXTS.unreachable);

/** Whether the token is the reason, so that asking again with it is useless. */
export const isTokenRefused = ({ kind }: ConsoleError): boolean =>
  kind === "unauthorized" || kind === "forbidden";

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

function messageIn(body: unknown): string | undefined {
  const error = isRecord(body) ? body.error : undefined;
  return isRecord(error) && typeof error.message === "string" ? error.message : undefined;
}
