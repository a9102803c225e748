import { createBoundedCache } from "@meeshy/shared/bounded-cache";
import { PresenceError } from "@meeshy/shared/codes";
import { type Bucket, chargeTokens, fullBucket, takeToken } from "../core/token-bucket.ts";
import type { GatewayMetrics } from "../metrics.ts";

/** How often what may be done, a minute and on this port; 0: without a limit (CONTRACT 3, 5: `rate_limited`). */
export interface RateConfig {
  connectsPerAddress: number;
  failedAuthsPerAddress: number;
  connectsPerUser: number;
  requestsPerAddress: number;
  requestsPerUser: number;
  entriesPerUser: number;
  ordersPerUser: number;
  requestsPerService: number;
  entriesPerService: number;
  eventsPerSocket: number;
  eventsPerUser: number;
}

/** Each counts what happened for whom it names, once unless it says how often, and throws {@link PresenceError} `rate_limited` when it is one too many. */
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
  /**
   * A list that a person is sent carries so many people, conversations or messages; where that is not known before it is
   * read, as many as it may carry. One that carries more than is left is let through, and those after it wait the longer.
   */
  entriesOf(userId: string, entries: number): void;
  /** Likewise of what was read for the person already: it is never refused. */
  entriesReadBy(userId: string, entries: number): void;
  /** What a person changes that others are sent, or that is announced to every gateway; each kind has a limit of its own. */
  order(kind: OrderKind, userId: string): void;
  /** by the name that its token gives */
  requestOfService(service: string): void;
  /** of {@link NATS_SERVICES} together where requests carry no name */
  entriesOfService(service: string, entries: number): void;
  event(connectionId: string, userId: string): void;
}

/** Services over NATS: a request does not say whose it is. No `sub` of a token is empty. */
export const NATS_SERVICES = "";

/** Kinds of changes that people make over REST. */
type OrderKind = "availability" | "preferences" | "blocks" | "members";

/** Tokens that were taken of a limit, for whom it counts. */
type Taken = [limit: string, key: string, tokens: number];

/** What the other processes of this port take of the same limits. */
export interface SharedRates {
  /** Tokens, one by default, were taken here. */
  taken(limit: string, key: string, perMinute: number, tokens?: number): void;
  /** Calls back with what was taken elsewhere. */
  onTaken(charge: (taken: Taken) => void): void;
}

type What = "order" | "session" | "connect" | "auth" | "request" | "entries" | "event";

/** A client whose handshake is refused is informed why; who opens more sessions than that makes no handshakes. */
const SESSIONS_A_CONNECT = 2;

/** A minute's worth of lists at once would keep a gateway busy for a second, and several people's for many. */
const ENTRIES_AT_ONCE = 1 / 6;

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
  const limit = (name: keyof typeof allowed, what: What, others?: SharedRates, shareAtOnce = 1) => {
    const perMinute = allowed[name];
    const atOnce = shareAtOnce * perMinute;
    const buckets = createBoundedCache<Bucket>({ max: REMEMBERED });
    const bucketOf = (key: string, now: number): Bucket => {
      const bucket = buckets.get(key) ?? fullBucket(atOnce, now);
      buckets.set(key, bucket);
      return bucket;
    };
    charges.set(name, (key, tokens) => {
      const now = performance.now();
      chargeTokens(bucketOf(key, now), perMinute, now, tokens, atOnce);
    });
    return (key: string | null, { tokens = 1, mayRefuse = true } = {}): void => {
      if (perMinute === 0 || key === null) return;
      const now = performance.now();
      const bucket = bucketOf(key, now);
      let waitMs = 0;
      if (mayRefuse) waitMs = takeToken(bucket, perMinute, now, tokens, atOnce);
      else chargeTokens(bucket, perMinute, now, tokens, atOnce);
      if (waitMs > 0) {
        metrics.throttled.inc({ what });
        throw tooMany(waitMs);
      }
      if (tokens > 0) others?.taken(name, key, perMinute, tokens);
    };
  };
  shared?.onTaken(([name, key, tokens]) => charges.get(name)?.(key, tokens));
  const failedAuths = limit("failedAuthsPerAddress", "auth", shared);
  const orders = limit("ordersPerUser", "order", shared);
  const entriesOfUser = limit("entriesPerUser", "entries", shared, ENTRIES_AT_ONCE);
  const entriesOfService = limit("entriesPerService", "entries", shared, ENTRIES_AT_ONCE);
  const eventsOfSocket = limit("eventsPerSocket", "event");
  const eventsOfUser = limit("eventsPerUser", "event", shared);
  return {
    sessionFrom: limit("sessionsPerAddress", "session", shared),
    failedAuthFrom: failedAuths,
    mayFailFrom: (address) => failedAuths(address, { tokens: 0 }),
    connectFrom: limit("connectsPerAddress", "connect", shared),
    connectOf: limit("connectsPerUser", "connect", shared),
    requestFrom: limit("requestsPerAddress", "request", shared),
    requestOf: limit("requestsPerUser", "request", shared),
    entriesOf(userId, entries) {
      if (entries > 0) entriesOfUser(userId, { tokens: entries });
    },
    entriesReadBy: (userId, entries) => entriesOfUser(userId, { tokens: entries, mayRefuse: false }),
    order: (kind, userId) => orders(`${kind} ${userId}`),
    requestOfService: limit("requestsPerService", "request", shared),
    entriesOfService: (service, entries) => entriesOfService(service, { tokens: entries }),
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
