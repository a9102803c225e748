import { createBoundedCache } from "@meeshy/shared/bounded-cache";

/**
 * Which revocation of its person's sessions was the latest when a token was first used here. A token says its time in
 * whole seconds: of one of the very second of a revocation, this tells whether it was in use before.
 */
export interface FirstUses {
  /** Notes a token's use, unless one is noted; `revokedAt` as `DirectoryUser.sessionsRevokedAt`. */
  note(token: string, revokedAt: number | null): void;
  /** Whether the token was used here before this revocation was known. */
  isBefore(token: string, revokedAt: number): boolean;
}

/** Tokens used since, at 500 a second: more than a minute of them, where a second is enough. */
const MAX_TOKENS = 50_000;

export function createFirstUses(): FirstUses {
  const uses = createBoundedCache<{ revokedAt: number | null }>({ max: MAX_TOKENS });
  return {
    note(token, revokedAt) {
      const key = signatureOf(token);
      if (!uses.has(key)) uses.set(key, { revokedAt });
    },
    isBefore(token, revokedAt) {
      const use = uses.peek(signatureOf(token));
      return use !== undefined && use.revokedAt !== revokedAt;
    },
  };
}

/** Names the token, and is of no use without the rest of it. */
const signatureOf = (token: string): string => token.slice(token.lastIndexOf(".") + 1);
