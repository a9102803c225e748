import { PresenceError } from "@meeshy/shared/codes";
import { LRUCache } from "lru-cache";
import { type Bucket, chargeTokens, fullBucket, msUntilToken, takeToken } from "../core/token-bucket.ts";
import type { GatewayMetrics } from "../metrics.ts";

/** How often what may be done, a minute and on this port; 0: without a limit (CONTRACT 3, 5: `rate_limited`). */
export interface RateConfig {
  connectsPerAddress: number;
  failedAuthsPerAddress: number;
  connectsPerUser: number;
  requestsPerAddress: number;
  requestsPerUser: number;
  ordersPerUser: number;
  requestsPerService: number;
  eventsPerSocket: number;
  eventsPerUser: number;
}

/** Each counts one occurrence for whom it names, and throws {@link PresenceError} `rate_limited` when it is one too many. */
export interface Limits {
  /** A new session of Engine.IO, before any handshake. null, here and below: an address that names no single client */
  sessionFrom(address: string | null): void;
  connectFrom(address: string | null): void;
  /** Credentials from there were refused. */
  failedAuthFrom(address: string | null): void;
  /** Takes nothing: whether credentials from there may be refused once more. */
  mayFailFrom(address: string | null): void;
  connectOf(userId: string): void;
  requestFrom(address: string | null): void;
  requestOf(userId: string): void;
  /** What a person changes that others are sent, or that is announced to every gateway; each kind has a limit of its own. */
  order(kind: OrderKind, userId: string): void;
  /** by the name that its token gives */
  requestOfService(service: string): void;
  event(connectionId: string, userId: string): void;
}

/** Kinds of changes that people make over REST. */
type OrderKind = "availability" | "preferences" | "blocks" | "members";

/** Tokens that were taken of a limit, for whom it counts. */
type Taken = [limit: string, key: string, tokens: number];

/** What the other processes of this port take of the same limits. */
export interface SharedRates {
  /** One token was taken here. */
  taken(limit: string, key: string, perMinute: number): void;
  /** Calls back with what was taken elsewhere. */
  onTaken(charge: (taken: Taken) => void): void;
}

type What = "order" | "session" | "connect" | "auth" | "request" | "event";

/** A client whose handshake is refused is informed why; who opens more sessions than that makes no handshakes. */
const SESSIONS_A_CONNECT = 2;

/** Who is remembered, for each limit. Forgetting one is lenient, no more. */
const REMEMBERED = 50_000;

/** A socket has its limit on its own process; the others hold for all processes that share theirs. */
export function createLimits(
  rates: RateConfig,
  metrics: Pick<GatewayMetrics, "throttled">,
  shared?: SharedRates,
): Limits {
  const charges = new Map<string, (key: string, tokens: number) => void>();
  const allowed = { ...rates, sessionsPerAddress: SESSIONS_A_CONNECT * rates.connectsPerAddress };
  const limit = (name: keyof typeof allowed, what: What, others?: SharedRates) => {
    const perMinute = allowed[name];
    const buckets = new LRUCache<string, Bucket>({ max: REMEMBERED });
    const bucketOf = (key: string, now: number): Bucket => {
      const bucket = buckets.get(key) ?? fullBucket(perMinute, now);
      buckets.set(key, bucket);
      return bucket;
    };
    charges.set(name, (key, tokens) => {
      const now = performance.now();
      chargeTokens(bucketOf(key, now), perMinute, now, tokens);
    });
    return (key: string | null, { takes = true } = {}): void => {
      if (perMinute === 0 || key === null) return;
      const now = performance.now();
      const bucket = bucketOf(key, now);
      const waitMs = takes ? takeToken(bucket, perMinute, now) : msUntilToken(bucket, perMinute, now);
      if (!takes && waitMs === 0) return;
      if (waitMs === 0) {
        others?.taken(name, key, perMinute);
        return;
      }
      metrics.throttled.inc({ what });
      throw tooMany(waitMs);
    };
  };
  shared?.onTaken(([name, key, tokens]) => charges.get(name)?.(key, tokens));
  const failedAuths = limit("failedAuthsPerAddress", "auth", shared);
  const orders = limit("ordersPerUser", "order", shared);
  const eventsOfSocket = limit("eventsPerSocket", "event");
  const eventsOfUser = limit("eventsPerUser", "event", shared);
  return {
    sessionFrom: limit("sessionsPerAddress", "session", shared),
    failedAuthFrom: failedAuths,
    mayFailFrom: (address) => failedAuths(address, { takes: false }),
    connectFrom: limit("connectsPerAddress", "connect", shared),
    connectOf: limit("connectsPerUser", "connect", shared),
    requestFrom: limit("requestsPerAddress", "request", shared),
    requestOf: limit("requestsPerUser", "request", shared),
    order: (kind, userId) => orders(`${kind} ${userId}`),
    requestOfService: limit("requestsPerService", "request", shared),
    event(connectionId, userId) {
      eventsOfSocket(connectionId);
      eventsOfUser(userId);
    },
  };
}

const WAIT_MIN_MS = 1_000;

/** The wait is spread, so that those who were refused together do not come back together. */
function tooMany(waitMs: number): PresenceError {
  const retryAfterMs = Math.ceil(Math.max(WAIT_MIN_MS, waitMs) * (1 + Math.random()));
  return new PresenceError("rate_limited", "Too much at once: wait a moment.", { retryAfterMs });
}
