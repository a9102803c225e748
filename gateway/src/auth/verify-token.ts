import { PresenceError } from "@meeshy/shared/codes";
import { isAnonymousId } from "@meeshy/shared/ids";
import { TOKEN_MAX } from "@meeshy/shared/socket-events";
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
  /** what a token of another service says */
  service: { claim: string; value: string };
  /** by how much an issuer's clock may be ahead of ours, in seconds; a token lives no longer for it */
  clockToleranceS: number;
  /** the broker's time, ms since 1970: this host's clock may be behind it; `undefined`: not known yet */
  brokerTime: () => number | undefined;
}

export interface VerifiedToken {
  userId: string;
  isAdmin: boolean;
  /** ms since 1970; null: the token does not say */
  issuedAt: number | null;
  /** ms since 1970 */
  expiresAt: number;
}

/** The last second of the year 9999, since 1970: no date of an issuer lies beyond it. */
const LAST_DATE_S = 253_402_300_799;

/**
 * Verifies a JWT with `exp` (CONTRACT 3). Rejects with {@link PresenceError} `token_expired` or `unauthorized`, and
 * with `unavailable` while keys have to be fetched and cannot be.
 */
export async function verifyToken(token: string, rules: TokenRules): Promise<VerifiedToken> {
  const claims = await readClaims(token, rules);
  const userId = userIdOf(claims, rules.userClaims);
  return {
    userId,
    isAdmin: hasClaim(claims, rules.admin),
    issuedAt: claims.iat === undefined ? null : claims.iat * 1_000,
    expiresAt: claims.exp * 1_000,
  };
}

/** By which name a service without one is counted. */
const UNNAMED = "service";

/**
 * Verifies the token of another service, and gives its name: `sub`, if it has one. Rejects as {@link verifyToken} does,
 * and with `forbidden` if the token is good and no service's.
 */
export async function verifyService(token: string | undefined, rules: TokenRules): Promise<string> {
  if (token === undefined) throw new PresenceError("unauthorized", "A token is required.");
  const claims = await readClaims(token, rules);
  if (!hasClaim(claims, rules.service)) throw new PresenceError("forbidden", "This is for other services.");
  return typeof claims.sub === "string" && claims.sub !== "" ? claims.sub : UNNAMED;
}

async function readClaims(token: string, rules: TokenRules): Promise<JwtPayload & { exp: number }> {
  if (token.length > TOKEN_MAX) throw new PresenceError("unauthorized", "The token is too long.");
  const claims = verifiedClaims(token, await rules.keyFor(token), rules);
  const { exp } = claims;
  if (!isDate(exp)) throw new PresenceError("unauthorized", "The token has no usable exp claim.");
  requireStarted(claims, rules);
  return { ...claims, exp };
}

function hasClaim(claims: JwtPayload, { claim, value }: TokenRules["admin"]): boolean {
  const granted: unknown = claims[claim];
  return Array.isArray(granted) ? granted.includes(value) : granted === value;
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
      ignoreNotBefore: true, // looked at with tolerance, which `exp` does not get
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

const isDate = (value: unknown): value is number =>
  typeof value === "number" && value >= 0 && value <= LAST_DATE_S;

/** Neither issued nor good from a time that lies ahead, by this host's clock and by the broker's. */
function requireStarted({ nbf, iat }: JwtPayload, { clockToleranceS, brokerTime }: TokenRules): void {
  const latest = Math.max(Date.now(), brokerTime() ?? 0) / 1_000 + clockToleranceS;
  for (const date of [nbf, iat] as unknown[]) {
    if (date === undefined || (isDate(date) && date <= latest)) continue;
    throw new PresenceError("unauthorized", "The token is not valid yet.");
  }
}

function userIdOf(claims: JwtPayload, names: readonly string[]): string {
  const value = names.map((name) => claims[name]).find((claim) => claim !== undefined);
  const userId = typeof value === "number" ? String(value) : value;
  if (typeof userId !== "string" || !isId(userId)) {
    throw new PresenceError("unauthorized", "The token does not name a user.");
  }
  return userId;
}

/** Anonymous participants have sessions, which end with their link; no token makes somebody one of them. */
const isId = (id: string): boolean =>
  id.length > 0 && id.length <= MAX_ID_LENGTH && id.isWellFormed() && !isAnonymousId(id);
