import { PresenceError } from "@meeshy/shared/codes";
import { LRUCache } from "lru-cache";
import { type Bucket, fullBucket, takeToken } from "../core/token-bucket.ts";
import type { GatewayMetrics } from "../metrics.ts";

/** How often what may be done, a minute and on this gateway; 0: without a limit (CONTRACT 3, 5: `rate_limited`). */
export interface RateConfig {
  connectsPerAddress: number;
  connectsPerUser: number;
  requestsPerAddress: number;
  requestsPerUser: number;
  eventsPerSocket: number;
  eventsPerUser: number;
}

/** Each counts one occurrence for whom it names, and throws {@link PresenceError} `rate_limited` when it is one too many. */
export interface Limits {
  /** null: an address that is nobody's in particular */
  connectFrom(address: string | null): void;
  connectOf(userId: string): void;
  requestFrom(address: string | null): void;
  requestOf(userId: string): void;
  event(connectionId: string, userId: string): void;
}

/** Who is remembered, for each limit. Forgetting somebody is lenient, no more. */
const REMEMBERED = 50_000;

export function createLimits(rates: RateConfig, metrics: Pick<GatewayMetrics, "throttled">): Limits {
  const limit = (perMinute: number, what: "connect" | "request" | "event") => {
    const buckets = new LRUCache<string, Bucket>({ max: REMEMBERED });
    return (key: string | null): void => {
      if (perMinute === 0 || key === null) return;
      const now = performance.now();
      const bucket = buckets.get(key) ?? fullBucket(perMinute, now);
      buckets.set(key, bucket);
      const waitMs = takeToken(bucket, perMinute, now);
      if (waitMs === 0) return;
      metrics.throttled.inc({ what });
      throw tooMany(waitMs);
    };
  };
  const eventsOfSocket = limit(rates.eventsPerSocket, "event");
  const eventsOfUser = limit(rates.eventsPerUser, "event");
  return {
    connectFrom: limit(rates.connectsPerAddress, "connect"),
    connectOf: limit(rates.connectsPerUser, "connect"),
    requestFrom: limit(rates.requestsPerAddress, "request"),
    requestOf: limit(rates.requestsPerUser, "request"),
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
