/** What an application has answered, by address, as far as its caching headers let it be used again. */
export interface CachedAnswer {
  etag: string | undefined;
  body: unknown;
  /** monotonic ms until which nobody has to be asked again */
  freshUntil: number;
}

/**
 * Longest `max-age` that is honoured. Whoever announces a change wants it seen: no answer may stand in its way for
 * longer than an account's own row does.
 */
export const MAX_AGE_LIMIT_MS = 2_000;

export interface AnswerCache {
  get(path: string): CachedAnswer | undefined;
  /** Keeps an answer that may be used again, forgets one that may not; the oldest go first. */
  put(path: string, body: unknown, headers: Headers, now: number): void;
  forget(path: string): void;
}

export function createAnswerCache(max: number): AnswerCache {
  const answers = new Map<string, CachedAnswer>();
  return {
    get: (path) => answers.get(path),
    put(path, body, headers, now) {
      answers.delete(path);
      const policy = headers.get("cache-control") ?? "";
      const etag = headers.get("etag") ?? undefined;
      const maxAgeMs = Number(/(?:^|[\s,])max-age=(\d+)/i.exec(policy)?.[1] ?? 0) * 1_000;
      if (/no-store/i.test(policy) || (etag === undefined && maxAgeMs === 0)) return;
      const isAlwaysAsked = /no-cache/i.test(policy);
      const freshUntil = isAlwaysAsked ? now : now + Math.min(maxAgeMs, MAX_AGE_LIMIT_MS);
      answers.set(path, { etag, body, freshUntil });
      if (answers.size <= max) return;
      const [oldest] = answers.keys();
      if (oldest !== undefined) answers.delete(oldest);
    },
    forget: (path) => void answers.delete(path),
  };
}
