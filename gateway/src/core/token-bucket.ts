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

/** The ms until there is a token; 0: there is one. Takes none. */
export function msUntilToken({ tokens, at }: Bucket, perMinute: number, now: number): number {
  const msPerToken = MINUTE_MS / perMinute;
  return Math.max(0, (1 - tokens) * msPerToken - (now - at));
}

/** Takes tokens that were given elsewhere already: the bucket may owe up to a minute's worth. */
export function chargeTokens(bucket: Bucket, perMinute: number, now: number, tokens: number): void {
  const refilled = Math.min(perMinute, bucket.tokens + ((now - bucket.at) * perMinute) / MINUTE_MS);
  bucket.at = now;
  bucket.tokens = Math.max(-perMinute, refilled - tokens);
}

/** What the processes of a port may have taken without the others' knowledge, all together, as a share of a minute's worth. */
const UNREPORTED_SHARE = 0.1;

/** So many tokens are taken by one of `processes` before it reports them to the others. */
export function reportedAt(perMinute: number, processes: number): number {
  return Math.max(1, Math.floor((perMinute * UNREPORTED_SHARE) / processes));
}
