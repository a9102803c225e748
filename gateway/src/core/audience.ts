/** Which sockets receive a change of status (CONTRACT 4): read off the rooms, each socket once. */

/** Sockets by room. */
export type Rooms = ReadonlyMap<string, ReadonlySet<string>>;

export interface AudienceQuery {
  /** rooms whose every socket receives the change */
  receiving: readonly string[];
  /** rooms that make a socket a sharer of the person: a watching socket must be in one */
  shared: readonly string[];
  /** sockets that watch the person; null: watching counts for nothing */
  watchers: string | null;
  /** the person's own sockets, which never receive it */
  own: string;
  /** whether the socket's user has blocked the person, or was blocked by the person */
  isBlocked: (socketId: string) => boolean;
  /** sockets of administrators, who see everyone */
  admins: string;
}

export interface Audience {
  sharers: string[];
  admins: string[];
}

const EMPTY: ReadonlySet<string> = new Set();

export function findAudience(rooms: Rooms, query: AudienceQuery): Audience {
  const room = (name: string) => rooms.get(name) ?? EMPTY;
  const own = room(query.own);
  const administrators = room(query.admins);
  const watchers = query.watchers === null ? EMPTY : room(query.watchers);
  const audience: Audience = { sharers: [], admins: [] };
  const [first = EMPTY, ...others] = query.receiving.map(room);

  const take = (socketId: string) => {
    if (own.has(socketId)) return;
    if (administrators.has(socketId)) audience.admins.push(socketId);
    else if (!query.isBlocked(socketId)) audience.sharers.push(socketId);
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
    const isSharer = query.shared.some((name) => room(name).has(socketId));
    if (isSharer || administrators.has(socketId)) takeOnce(socketId);
  }
  return audience;
}
