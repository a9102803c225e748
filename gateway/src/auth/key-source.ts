import type { Logger } from "@meeshy/shared/runtime/logger";
import jwt from "jsonwebtoken";
import { createKeySet } from "./key-set.ts";
import type { VerificationKey } from "./verification-key.ts";

/** The key that verifies a token. Rejects as {@link KeySet.find} does. */
export type KeyFor = (token: string) => VerificationKey | Promise<VerificationKey>;

/** One key for every token, or the one that the token names among those at an address. */
export function createKeySource(key: VerificationKey | { jwksUrl: string }, logger: Logger): KeyFor {
  if (!("jwksUrl" in key)) return () => key;
  const set = createKeySet(key.jwksUrl, logger);
  return (token) => set.find(keyIdOf(token));
}

/** What the token's own head says, which nobody has verified: it chooses among trusted keys, no more. */
function keyIdOf(token: string): string | undefined {
  const kid: unknown = jwt.decode(token, { complete: true })?.header?.kid;
  return typeof kid === "string" ? kid : undefined;
}
