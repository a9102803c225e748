import { PresenceError } from "@meeshy/shared/codes";
import { readJson } from "@meeshy/shared/http/read-json";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { JwksClient } from "jwks-rsa";
import { createVerificationKey, type VerificationKey } from "./verification-key.ts";

/** The keys of an identity provider, read from its address when they are needed and kept while they are good. */
export interface KeySet {
  /**
   * The key of that id; without an id, the only key there is. A new id is looked for at the provider, though not
   * more often than the cooldown allows. Rejects with `unauthorized` for a key that is none of the provider's, with
   * `unavailable` while no key at all could be read.
   */
  find(kid: string | undefined): Promise<VerificationKey>;
}

export interface KeySetOptions {
  /** Age, in ms, at which the keys are read anew behind the caller's back: a withdrawn key is out by then. */
  refreshMs: number;
  /** Least time, in ms, between two questions to the provider, whatever ids tokens name. */
  cooldownMs: number;
  timeoutMs: number;
}

const DEFAULTS: KeySetOptions = { refreshMs: 600_000, cooldownMs: 5_000, timeoutMs: 3_000 };
/** More keys than any provider has at once; the rest are not kept. */
const KEYS_MAX = 100;
/** Greatest size of a key set, some twenty times that of a large one. */
const KEY_SET_MAX_BYTES = 262_144;

/** `onRead`: calls back each time the keys were read. */
export function createKeySet(
  url: string,
  logger: Logger,
  options: KeySetOptions = DEFAULTS,
  onRead: () => void = () => {},
): KeySet {
  const { refreshMs, cooldownMs, timeoutMs } = options;
  const client = new JwksClient({ jwksUri: url, cache: false, fetcher: (from) => readKeys(from, timeoutMs) });
  let keys: Map<string, VerificationKey> | undefined;
  /** monotonic ms */
  let askedAt = Number.NEGATIVE_INFINITY;
  let asking: Promise<void> | undefined;

  const ask = async () => {
    askedAt = performance.now();
    try {
      keys = usable(await client.getSigningKeys());
      onRead();
    } catch (error) {
      logger.warn({ err: error, url, known: keys?.size ?? 0 }, "the key set cannot be read now");
    }
  };
  /** One question at a time. */
  const refresh = (): Promise<void> => {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  };
  const known = (kid: string | undefined): VerificationKey | undefined => {
    if (kid !== undefined) return keys?.get(kid);
    return keys?.size === 1 ? [...keys.values()][0] : undefined;
  };

  return {
    async find(kid) {
      const age = performance.now() - askedAt;
      const key = known(kid);
      if (key) {
        if (age > refreshMs) void refresh();
        return key;
      }
      if (asking || age > cooldownMs) await refresh();
      const found = known(kid);
      if (found) return found;
      if (keys === undefined) throw new PresenceError("unavailable", "Tokens cannot be verified now.");
      throw new PresenceError("unauthorized", "The token is signed with an unknown key.");
    },
  };
}

/** By key id; what is no RSA or P-256 key is left out, like what its algorithms would be. */
function usable(given: { kid?: string; getPublicKey(): string }[]): Map<string, VerificationKey> {
  const keys = new Map<string, VerificationKey>();
  for (const one of given.slice(0, KEYS_MAX)) {
    try {
      keys.set(one.kid ?? "", createVerificationKey({ secret: undefined, publicKey: one.getPublicKey() }));
    } catch {
      // A key of another kind verifies other systems' tokens.
    }
  }
  return keys;
}

async function readKeys(url: string, timeoutMs: number): Promise<{ keys: unknown }> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(timeoutMs), redirect: "error" });
  if (!answer.ok) throw new Error(`the key set answers ${answer.status}`);
  return (await readJson(answer, KEY_SET_MAX_BYTES)) as { keys: unknown };
}
