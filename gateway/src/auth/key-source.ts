import type { Logger } from "@meeshy/shared/runtime/logger";
import jwt from "jsonwebtoken";
import { createKeySet } from "./key-set.ts";
import type { VerificationKey } from "./verification-key.ts";

/** The key that verifies a token. Rejects as {@link KeySet.find} does. */
export type KeyFor = (token: string) => VerificationKey | Promise<VerificationKey>;

/**
 * One key for every token, or the one that the token names among those at an address. `onRead`: calls back each time those
 * were read, and at once: until the first reading their age counts from here.
 */
export function createKeySource(
  key: VerificationKey | { jwksUrl: string },
  logger: Logger,
  onRead: () => void = () => {},
): KeyFor {
  if (!("jwksUrl" in key)) return () => key;
  onRead();
  const set = createKeySet(key.jwksUrl, logger, undefined, onRead);
  return (token) => set.find(keyIdOf(token));
}

/** The token's unverified header: it only chooses among trusted keys. */
function keyIdOf(token: string): string | undefined {
  const kid: unknown = jwt.decode(token, { complete: true })?.header?.kid;
  return typeof kid === "string" ? kid : undefined;
}
