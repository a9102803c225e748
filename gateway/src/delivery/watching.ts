import { PresenceError } from "@meeshy/shared/codes";
import { type UserIds, WATCH_MAX } from "@meeshy/shared/socket-events";
import type { UserStatus } from "@meeshy/shared/status";
import type { ClientConnection } from "../connections/connections.ts";
import { watchRoom } from "../connections/room-names.ts";
import type { PresenceSocket } from "../connections/socket-server.ts";
import type { Limits } from "../limits/limits.ts";
import type { StatusReader } from "../status/status-reader.ts";
import type { SentMeanwhile } from "./sent-meanwhile.ts";

/**
 * People whom a socket has on its screen: their changes reach it also where rooms are too large for them
 * (CONTRACT 4, `presence:watch`). Watching a person whom the viewer may not see has no effect: each change is
 * sent by what holds then.
 */
export interface Watching {
  /**
   * Gives one status for each id, as `GET /api/users/presence` would. Rejects with `too_many_ids`, `rate_limited` or
   * `unavailable`.
   */
  watch(connection: ClientConnection, asked: UserIds): Promise<{ users: UserStatus[] }>;
  /** Likewise; ids that were not watched are no fault. */
  unwatch(connection: ClientConnection, asked: UserIds): Promise<{ users: UserStatus[] }>;
}

const WATCH_ROOM_PREFIX = watchRoom("");

/** Ids of those whom the socket watches. */
export function watchedBy(socket: PresenceSocket): string[] {
  const rooms = [...socket.rooms].filter((room) => room.startsWith(WATCH_ROOM_PREFIX));
  return rooms.map((room) => room.slice(WATCH_ROOM_PREFIX.length));
}

export interface WatchingDeps {
  statuses: StatusReader;
  limits: Pick<Limits, "entriesOf">;
  sentMeanwhile: Pick<SentMeanwhile, "note">;
}

export function createWatching({ statuses, limits, sentMeanwhile }: WatchingDeps): Watching {
  const read = async ({ socket, identity }: ClientConnection, asked: readonly string[]) => {
    const users = await statuses.read(identity, asked);
    // A client takes what is newer than what it knows: an answer without a version leaves a person on its screen.
    for (const status of users) if (status.version > 0) sentMeanwhile.note(status, [socket.id]);
    return { users };
  };
  return {
    async watch(connection, { userIds }) {
      const { socket, identity } = connection;
      const watched = new Set([...watchedBy(socket), ...userIds]);
      if (watched.size > WATCH_MAX) {
        throw new PresenceError("too_many_ids", `A socket watches at most ${WATCH_MAX} people.`);
      }
      const asked = [...new Set(userIds)];
      limits.entriesOf(identity.user.id, asked.length);
      // First the room, then the look: a change in between comes twice rather than never.
      await socket.join(asked.map(watchRoom));
      return read(connection, asked);
    },
    async unwatch(connection, { userIds }) {
      const { socket, identity } = connection;
      const asked = [...new Set(userIds)];
      for (const id of asked) await socket.leave(watchRoom(id));
      limits.entriesOf(identity.user.id, asked.length);
      return read(connection, asked);
    },
  };
}
