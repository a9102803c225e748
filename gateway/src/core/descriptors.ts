/** How a process' file descriptors are shared out, so that health and metrics answer however many clients come. */
export interface Room {
  /** TCP connections at which no more clients are let in */
  accepted: number;
  /** connections, fewer than that, at which they are again */
  again: number;
  /** connections, more than that, at which any further one is closed unheard */
  open: number;
}

/** Of the limit, kept for everything that is no client: the broker, the database's pool, files, and what answers. */
const KEPT_SHARE = 0.1;
const KEPT_LEAST = 64;
const AGAIN_SHARE = 0.98;

/** `undefined`: the limit is not known, or there is none. */
export function roomForConnections(limit: number | undefined): Room | undefined {
  if (limit === undefined || !Number.isFinite(limit)) return undefined;
  const kept = Math.max(KEPT_LEAST, Math.ceil(limit * KEPT_SHARE));
  const accepted = Math.max(1, limit - kept);
  return { accepted, again: Math.max(1, Math.floor(accepted * AGAIN_SHARE)), open: accepted + (kept >> 2) };
}
