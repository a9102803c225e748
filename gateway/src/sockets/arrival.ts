import { createHash, randomBytes } from "node:crypto";
import { LONGEST_IDLE_MS } from "@meeshy/shared/events";
import type { Arrival } from "../connections/socket-server.ts";

const PID = /^(?<owner>[\w-]{12})\.[\w-]{12}$/;
const OWNER_LENGTH = 12;
const RANDOM_BYTES = 9;

/**
 * What a stock client of Socket.IO 4 is given as `pid` and sends back as `auth.pid` when it connects again, as long as its
 * page lives. It names its owner, since a page may sign in as someone else; it proves nothing, and need not: it can only
 * make its sender look less present.
 */
export const createPid = (userId: string): string =>
  `${ownerMark(userId)}.${randomBytes(RANDOM_BYTES).toString("base64url")}`;

/** Reads the handshake's `auth`; what is malformed counts as absent. */
export function readArrival(auth: Record<string, unknown>, userId: string): Arrival {
  const saidMs = typeof auth.idleMs === "number" && auth.idleMs >= 0 ? auth.idleMs : undefined;
  const says = auth.resumed === true || saidMs !== undefined || isPidOf(auth.pid, userId);
  const isResumed = auth.resumed !== false && says;
  const isPassive = auth.passive === true;
  const unknownMs = isResumed || isPassive ? LONGEST_IDLE_MS : 0;
  const idleMs = isResumed && saidMs !== undefined ? Math.min(saidMs, LONGEST_IDLE_MS) : unknownMs;
  return { isResumed, ...(auth.resumed === false ? { saysNew: true as const } : {}), isPassive, idleMs };
}

function isPidOf(pid: unknown, userId: string): boolean {
  if (typeof pid !== "string" || pid === "") return false;
  const owner = PID.exec(pid)?.groups?.owner;
  return owner === undefined || owner === ownerMark(userId);
}

const ownerMark = (userId: string): string =>
  createHash("sha256").update(userId).digest("base64url").slice(0, OWNER_LENGTH);
