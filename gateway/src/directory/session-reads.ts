import { PresenceError } from "@meeshy/shared/codes";
import type { AnonymousSession } from "@meeshy/shared/directory";
import { createGate } from "@meeshy/shared/nats/gate";
import { batched } from "./batched.ts";
import type { Load } from "./loader.ts";

/** Sessions are looked for before it is known who asks: however many there are, they take little of the directory. */

const QUESTIONS_AT_ONCE = 2;
const TOKENS_IN_ONE = 100;
/** Beyond it, those who come are refused at once. */
const WAITING_MAX = 1_000;
const RETRY_AFTER_MS = 2_000;

/** Rejects with `rate_limited` while too many wait. */
export function createSessionReads(
  read: (sessionTokens: readonly string[]) => Promise<Map<string, AnonymousSession>>,
): Load<AnonymousSession> {
  const gate = createGate(QUESTIONS_AT_ONCE);
  const load = batched((tokens) => gate.run(() => read(tokens)), { mostInOne: TOKENS_IN_ONE });
  let waiting = 0;
  return async (token) => {
    if (waiting >= WAITING_MAX)
      throw new PresenceError("rate_limited", "Too many sessions are asked for.", {
        retryAfterMs: RETRY_AFTER_MS,
      });
    waiting++;
    try {
      return await load(token);
    } finally {
      waiting--;
    }
  };
}
