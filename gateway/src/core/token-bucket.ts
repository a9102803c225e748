/** A rate that allows bursts: a minute's worth may be spent at once, and comes back evenly. */
export interface Bucket {
  tokens: number;
  /** monotonic ms of the last look */
  at: number;
}

const MINUTE_MS = 60_000;

export const fullBucket = (perMinute: number, now: number): Bucket => ({ tokens: perMinute, at: now });

/** Takes one token. Returns 0 when there was one, else the ms until there will be one. */
export function takeToken(bucket: Bucket, perMinute: number, now: number): number {
  const msPerToken = MINUTE_MS / perMinute;
  bucket.tokens = Math.min(perMinute, bucket.tokens + (now - bucket.at) / msPerToken);
  bucket.at = now;
  if (bucket.tokens < 1) return (1 - bucket.tokens) * msPerToken;
  bucket.tokens -= 1;
  return 0;
}
