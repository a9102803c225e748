import { type ErrorCode, PresenceError } from "@meeshy/shared/codes";
import type { DirectoryUser } from "@meeshy/shared/directory";
import { isCanaryId } from "@meeshy/shared/ids";
import { ACCOUNT_MAX_AGE_MS, type CachedDirectory } from "../directory/cached-directory.ts";
import type { Limits } from "../limits/limits.ts";
import type { Credentials } from "./credentials.ts";
import type { FirstUses } from "./first-uses.ts";
import { type TokenRules, verifyToken } from "./verify-token.ts";

/** Who a caller has proved to be. */
export interface Identity {
  user: DirectoryUser;
  isAdmin: boolean;
  /** ms since 1970; null: the session does not run out by itself */
  expiresAt: number | null;
  /** when the token was issued, ms since 1970; null: it does not say, or there is none */
  issuedAt: number | null;
  /** the session by which an anonymous participant came; null: a token */
  sessionToken: string | null;
}

/** Whom credentials name, before the directory has said who that is. */
export interface Claim extends Pick<Identity, "isAdmin" | "expiresAt"> {
  userId: string;
  by: { token: string; issuedAt: number | null } | { sessionToken: string };
}

const SESSION_TOKEN_MAX_LENGTH = 512;

/** How credentials are judged. */
export interface AuthRules extends TokenRules {
  firstUses: FirstUses;
}

export interface AuthDeps {
  directory: CachedDirectory;
  rules: AuthRules;
  /** Where the credentials come from; what is refused is counted, and no session is looked for where too many were. */
  from?: { address: string | null; limits: Pick<Limits, "failedAuthFrom" | "mayFailFrom"> };
}

/** Refusals of credentials that are none: what has ended is no guess. */
const GUESSES: ReadonlySet<ErrorCode> = new Set(["unauthorized", "session_expired"]);

/**
 * Counts it where credentials are refused.
 * @throws {PresenceError} `rate_limited`: too many were; otherwise what the attempt throws
 */
export async function countRefusals<T>(
  credentials: Credentials,
  { from }: Pick<AuthDeps, "from">,
  attempt: Promise<T>,
): Promise<T> {
  try {
    return await attempt;
  } catch (error) {
    const hasSome = credentials.token !== undefined || credentials.sessionToken !== undefined;
    if (from && hasSome && error instanceof PresenceError && GUESSES.has(error.code))
      from.limits.failedAuthFrom(from.address);
    throw error;
  }
}

/**
 * Turns credentials into an identity (CONTRACT 3).
 * @throws {PresenceError} as {@link verifyCredentials} and {@link identify} do
 */
export async function authenticate(credentials: Credentials, deps: AuthDeps): Promise<Identity> {
  return countRefusals(credentials, deps, identifyBy(credentials, deps));
}

async function identifyBy(credentials: Credentials, deps: AuthDeps): Promise<Identity> {
  const claim = await verifyCredentials(credentials, deps);
  return identify(claim, await deps.directory.users.get(claim.userId, ACCOUNT_MAX_AGE_MS), deps.rules);
}

/**
 * @throws {PresenceError} `unauthorized`, `token_expired`, `session_expired`, or `unavailable` when the directory, which
 * holds the sessions, cannot be read
 */
export async function verifyCredentials(
  { token, sessionToken }: Credentials,
  { directory, rules, from }: AuthDeps,
): Promise<Claim> {
  if (token !== undefined) {
    const { issuedAt, ...named } = await verifyToken(token, rules);
    return { ...named, by: { token, issuedAt } };
  }
  if (sessionToken === undefined) {
    throw new PresenceError("unauthorized", "A token or a session is required.");
  }
  if (sessionToken.length > SESSION_TOKEN_MAX_LENGTH) throw sessionExpired();
  if (from && !directory.sessions.peek(sessionToken)) from.limits.mayFailFrom(from.address);
  const session = await directory.sessions.get(sessionToken, ACCOUNT_MAX_AGE_MS);
  if (!session || isCanaryId(session.participantId)) throw sessionExpired();
  const { participantId: userId, expiresAt } = session;
  // A session out of the cache may have ended since.
  if (expiresAt !== null && expiresAt <= Date.now()) throw sessionExpired();
  return { userId, isAdmin: false, expiresAt, by: { sessionToken } };
}

/**
 * The identity of a claim, with what the directory says of its person.
 * @throws {PresenceError} `unauthorized` for an unknown person, `account_disabled`, and, for what was issued before the
 * person's sessions were revoked, `token_expired` or `session_expired`
 */
export function identify(
  { isAdmin, expiresAt, by }: Claim,
  found: DirectoryUser | undefined,
  { firstUses }: Pick<AuthRules, "firstUses">,
): Identity {
  const user = requireActive(found);
  const { sessionsRevokedAt } = user;
  if ("sessionToken" in by) {
    if (sessionsRevokedAt !== null) throw sessionExpired();
    return { user, isAdmin, expiresAt, issuedAt: null, sessionToken: by.sessionToken };
  }
  if (sessionsRevokedAt !== null && isRevoked(by, sessionsRevokedAt, firstUses)) throw tokenRevoked();
  firstUses.note(by.token, sessionsRevokedAt);
  return { user, isAdmin, expiresAt, issuedAt: by.issuedAt, sessionToken: null };
}

/** Why an open connection may not stay, by what the directory says of its person now; `undefined`: it may. */
export function refusalOf(
  { user: before, sessionToken }: Pick<Identity, "user" | "sessionToken">,
  now: DirectoryUser | undefined,
): PresenceError | undefined {
  const refusal = refusalOfAccount(now);
  if (refusal || now?.sessionsRevokedAt === before.sessionsRevokedAt) return refusal;
  return sessionToken === null ? tokenRevoked() : sessionExpired();
}

function refusalOfAccount(user: DirectoryUser | undefined): PresenceError | undefined {
  if (!user) return new PresenceError("unauthorized", "The token names an unknown user.");
  return user.isActive ? undefined : new PresenceError("account_disabled", "This account is disabled.");
}

function requireActive(user: DirectoryUser | undefined): DirectoryUser {
  const refusal = refusalOfAccount(user);
  if (refusal || !user) throw refusal;
  return user;
}

const secondOf = (ms: number) => Math.floor(ms / 1_000);

/** Whether a token was issued before; where its second does not say, whether it was used before. */
function isRevoked(
  { token, issuedAt }: { token: string; issuedAt: number | null },
  revokedAt: number,
  firstUses: FirstUses,
): boolean {
  if (issuedAt === null) return true;
  if (secondOf(issuedAt) !== secondOf(revokedAt)) return issuedAt < revokedAt;
  return firstUses.isBefore(token, revokedAt);
}

const tokenRevoked = () => new PresenceError("token_expired", "The token has been revoked: sign in again.");
const sessionExpired = () =>
  new PresenceError("session_expired", "The session is unknown or over: open the link again.");
