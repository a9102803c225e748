import type { Logger } from "@meeshy/shared/runtime/logger";
import { closeConnection } from "../connections/close-connection.ts";
import type { ClientConnection, Connections } from "../connections/connections.ts";
import { waitingFor } from "../connections/engine-internals.ts";

/** What may wait for one socket that does not take it, beyond what its network holds. */
const WAITING_MAX_FRAMES = 1_000;
const WAITING_MAX_CHARS = 1024 * 1024;
const LOOK_EVERY_MS = 1_000;
/** A socket that takes some is not closed by a busy machine, and holds its memory no longer than this. */
const LOOKS_MAX = 10;

export interface Backlog {
  frames: number;
  chars: number;
}
/** A socket for which too much waits, at so many looks in a row. */
export interface Suspect extends Backlog {
  looks: number;
}

/** What a look finds: `undefined` where little waits. Pure. */
export function suspectOf({ frames, chars }: Backlog, before: Suspect | undefined): Suspect | undefined {
  if (frames <= WAITING_MAX_FRAMES && chars <= WAITING_MAX_CHARS) return undefined;
  return { frames, chars, looks: (before?.looks ?? 0) + 1 };
}

/** Whether a socket is to be closed: too much waits again, and it is no less, or it was too much for long. Pure. */
export const isTooSlow = (suspect: Suspect, before: Suspect | undefined): boolean =>
  before !== undefined && (suspect.chars >= before.chars || suspect.looks >= LOOKS_MAX);

/**
 * Closes sockets that take what they are sent more slowly than it comes, a burst aside, so that no backlog fills this
 * process: their clients come back to a fresh snapshot. The log receives `slow consumer`, a connection lost.
 */
export function dropSlowSockets(deps: { connections: Connections; logger: Logger }): { stop(): void } {
  const { connections, logger } = deps;
  let suspects = new Map<ClientConnection, Suspect>();
  const timer = setInterval(() => {
    const suspectsBefore = suspects;
    suspects = new Map();
    for (const connection of connections.all()) {
      const before = suspectsBefore.get(connection);
      const suspect = suspectOf(waitingFor(connection.socket), before);
      if (!suspect) continue;
      suspects.set(connection, suspect);
      if (!isTooSlow(suspect, before)) continue;
      logger.warn({ connectionId: connection.id, ...suspect }, "socket too slow: closed");
      closeConnection(connection, "slow consumer");
    }
  }, LOOK_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}
