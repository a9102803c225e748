/** Which sockets hear of a change of status (CONTRACT 4): read off the rooms, each socket once. */

/** Sockets by room. */
export type Rooms = ReadonlyMap<string, ReadonlySet<string>>;

export interface Hearing {
  /** rooms whose every socket is told */
  told: readonly string[];
  /** rooms that make a socket a sharer of the person: whoever watches them must be in one */
  shared: readonly string[];
  /** sockets that watch the person */
  watchers: string;
  /** the person's own sockets, which are never told */
  own: string;
  /** whether the socket is of somebody whom the person has blocked or who has blocked the person */
  isBlocked: (socketId: string) => boolean;
  /** sockets of administrators, who see everyone */
  admins: string;
}

export interface Audience {
  sharers: string[];
  admins: string[];
}

const NOBODY: ReadonlySet<string> = new Set();

export function findAudience(rooms: Rooms, hearing: Hearing): Audience {
  const room = (name: string) => rooms.get(name) ?? NOBODY;
  const own = room(hearing.own);
  const administrators = room(hearing.admins);
  const watchers = room(hearing.watchers);
  const audience: Audience = { sharers: [], admins: [] };
  const [first = NOBODY, ...others] = hearing.told.map(room);

  const take = (socketId: string) => {
    if (own.has(socketId)) return;
    if (administrators.has(socketId)) audience.admins.push(socketId);
    else if (!hearing.isBlocked(socketId)) audience.sharers.push(socketId);
  };
  for (const socketId of first) take(socketId);
  if (others.length === 0 && watchers.size === 0) return audience;

  const seen = new Set(first);
  const takeOnce = (socketId: string) => {
    if (seen.has(socketId)) return;
    seen.add(socketId);
    take(socketId);
  };
  for (const sockets of others) for (const socketId of sockets) takeOnce(socketId);
  for (const socketId of watchers) {
    const isSharer = hearing.shared.some((name) => room(name).has(socketId));
    if (isSharer || administrators.has(socketId)) takeOnce(socketId);
  }
  return audience;
}
