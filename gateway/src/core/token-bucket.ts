/** A rate that allows bursts: so much may be spent at once, by default a minute's worth, and comes back evenly. */
export interface Bucket {
  tokens: number;
  /** monotonic ms of the last look */
  at: number;
}

const MINUTE_MS = 60_000;

export const fullBucket = (atOnce: number, now: number): Bucket => ({ tokens: atOnce, at: now });

/**
 * Takes tokens: as many as are asked for where there is one, so that what costs more than may be spent at once is not
 * refused for ever. Returns 0 when there was one, else the ms until there will be one.
 */
export function takeToken(
  bucket: Bucket,
  perMinute: number,
  now: number,
  tokens = 1,
  atOnce = perMinute,
): number {
  chargeTokens(bucket, perMinute, now, 0, atOnce);
  // A rate below one at once holds a whole one all the same.
  const missing = Math.min(1, atOnce) - bucket.tokens;
  if (missing > 0) return (missing * MINUTE_MS) / perMinute;
  chargeTokens(bucket, perMinute, now, tokens, atOnce);
  return 0;
}

/** Takes tokens that were given already: the bucket may owe up to a minute's worth. */
export function chargeTokens(
  bucket: Bucket,
  perMinute: number,
  now: number,
  tokens: number,
  atOnce = perMinute,
): void {
  const refilled = Math.min(atOnce, bucket.tokens + ((now - bucket.at) * perMinute) / MINUTE_MS);
  bucket.at = now;
  bucket.tokens = Math.max(-perMinute, refilled - tokens);
}

/** What the processes of a port may have taken without the others' knowledge, all together, as a share of a minute's worth. */
const UNREPORTED_SHARE = 0.1;

/** So many tokens are taken by one of `processes` before it reports them to the others. */
export function reportedAt(perMinute: number, processes: number): number {
  return Math.max(1, Math.floor((perMinute * UNREPORTED_SHARE) / processes));
}
