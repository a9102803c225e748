import { PresenceError } from "@meeshy/shared/codes";
import type { DirectoryUser } from "@meeshy/shared/directory";
import { ACCOUNT_MAX_AGE_MS, type CachedDirectory } from "../directory/cached-directory.ts";
import type { Credentials } from "./credentials.ts";
import { type TokenRules, verifyToken } from "./verify-token.ts";

/** Who a caller has proved to be. */
export interface Identity {
  user: DirectoryUser;
  isAdmin: boolean;
  /** ms since 1970; null: the session does not run out by itself */
  expiresAt: number | null;
}

const SESSION_TOKEN_MAX_LENGTH = 512;

/**
 * Turns credentials into an identity (CONTRACT 3). Rejects with {@link PresenceError} `unauthorized`,
 * `token_expired`, `session_expired`, `account_disabled`, or `unavailable` when the directory cannot be read.
 * `onVerified` hears whom the credentials name, before the directory is asked about them.
 */
export async function authenticate(
  { token, sessionToken }: Credentials,
  { directory, rules }: { directory: CachedDirectory; rules: TokenRules },
  onVerified: (userId: string) => void = () => {},
): Promise<Identity> {
  if (token !== undefined) {
    const { userId, isAdmin, expiresAt } = await verifyToken(token, rules);
    onVerified(userId);
    return { user: await activeUser(userId, directory), isAdmin, expiresAt };
  }
  if (sessionToken === undefined) {
    throw new PresenceError("unauthorized", "A token or a session is required.");
  }
  if (sessionToken.length > SESSION_TOKEN_MAX_LENGTH) throw sessionExpired();
  const session = await directory.sessions.get(sessionToken, ACCOUNT_MAX_AGE_MS);
  if (!session) throw sessionExpired();
  onVerified(session.participantId);
  return { user: await activeUser(session.participantId, directory), isAdmin: false, expiresAt: null };
}

async function activeUser(userId: string, directory: CachedDirectory): Promise<DirectoryUser> {
  const user = await directory.users.get(userId, ACCOUNT_MAX_AGE_MS);
  if (!user) throw new PresenceError("unauthorized", "The token names nobody we know.");
  if (!user.isActive) throw new PresenceError("account_disabled", "This account is disabled.");
  return user;
}

const sessionExpired = () =>
  new PresenceError("session_expired", "The session is unknown or over: open the link again.");
