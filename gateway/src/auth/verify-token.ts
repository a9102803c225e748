import { PresenceError } from "@meeshy/shared/codes";
import { MAX_ID_LENGTH } from "@meeshy/shared/subjects";
import jwt, { type JwtPayload } from "jsonwebtoken";
import type { KeyFor } from "./key-source.ts";
import type { VerificationKey } from "./verification-key.ts";

export interface TokenRules {
  keyFor: KeyFor;
  issuer: string | undefined;
  audience: string | undefined;
  /** claims that may name the user; the first present one counts */
  userClaims: readonly string[];
  admin: { claim: string; value: string };
}

export interface VerifiedToken {
  userId: string;
  isAdmin: boolean;
  /** ms since 1970 */
  expiresAt: number;
}

/** Longer tokens are refused unread. */
const TOKEN_MAX_LENGTH = 8_192;

/**
 * Verifies a JWT with `exp` (CONTRACT 3). Rejects with {@link PresenceError} `token_expired` or `unauthorized`, and
 * with `unavailable` while keys have to be fetched and cannot be.
 */
export async function verifyToken(token: string, rules: TokenRules): Promise<VerifiedToken> {
  if (token.length > TOKEN_MAX_LENGTH) throw new PresenceError("unauthorized", "The token is too long.");
  const claims = verifiedClaims(token, await rules.keyFor(token), rules);
  if (typeof claims.exp !== "number") throw new PresenceError("unauthorized", "The token has no exp claim.");
  const userId = userIdOf(claims, rules.userClaims);
  const granted = claims[rules.admin.claim];
  return {
    userId,
    isAdmin: Array.isArray(granted) ? granted.includes(rules.admin.value) : granted === rules.admin.value,
    expiresAt: claims.exp * 1_000,
  };
}

function verifiedClaims(
  token: string,
  { key, algorithms }: VerificationKey,
  { issuer, audience }: TokenRules,
): JwtPayload {
  let claims: JwtPayload | string;
  try {
    claims = jwt.verify(token, key, {
      algorithms,
      ...(issuer === undefined ? {} : { issuer }),
      ...(audience === undefined ? {} : { audience }),
    });
  } catch (cause) {
    if (cause instanceof jwt.TokenExpiredError) {
      throw new PresenceError("token_expired", "The token has expired: sign in again.", { cause });
    }
    throw new PresenceError("unauthorized", "The token is not valid.", { cause });
  }
  if (typeof claims === "string") throw new PresenceError("unauthorized", "The token carries no claims.");
  return claims;
}

function userIdOf(claims: JwtPayload, names: readonly string[]): string {
  const value = names.map((name) => claims[name]).find((claim) => claim !== undefined);
  const userId = typeof value === "number" ? String(value) : value;
  if (typeof userId !== "string" || !isId(userId)) {
    throw new PresenceError("unauthorized", "The token does not name a user.");
  }
  return userId;
}

const isId = (id: string): boolean => id.length > 0 && id.length <= MAX_ID_LENGTH && id.isWellFormed();
