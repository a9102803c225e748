/** Who there is in a run, and with whom they share conversations. */
export interface World {
  users: string[];
  /** user ids by conversation id */
  members: Map<string, string[]>;
}

/** People who watch, in rooms of `roomSize`, and people who come and go before them, one room each. */
export interface Audience extends World {
  watchers: string[];
  subjects: string[];
}

/** Ids of so many people, from `<prefix>0` on. */
export const named = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, n) => `${prefix}${n}`);

/** `watchers` is rounded down to full rooms; subject n belongs to room n modulo their number. */
export function planAudience(options: { watchers: number; roomSize: number; subjects: number }): Audience {
  const { roomSize } = options;
  const rooms = Math.floor(options.watchers / roomSize);
  const watchers = named("w", rooms * roomSize);
  const subjects = named("s", options.subjects);
  const members = new Map(Array.from({ length: rooms }, (_, n): [string, string[]] => [`room${n}`, []]));
  for (const [n, userId] of watchers.entries()) members.get(`room${Math.floor(n / roomSize)}`)?.push(userId);
  for (const [n, userId] of subjects.entries()) members.get(`room${n % rooms}`)?.push(userId);
  return { users: [...watchers, ...subjects], members, watchers, subjects };
}

/** Every user watches, and is in one room of each of the sizes. */
export function planRooms(users: number, sizes: readonly number[]): World {
  const ids = named("w", users);
  const members = new Map<string, string[]>();
  for (const size of sizes) {
    for (let room = 0; room * size < users; room++)
      members.set(roomOfSize(size, room), ids.slice(room * size, (room + 1) * size));
  }
  return { users: ids, members };
}

export const roomOfSize = (size: number, index: number): string => `room-of-${size}-${index}`;

/** Conversation ids by user id. */
export function roomsByUser({ users, members }: World): Map<string, string[]> {
  const rooms = new Map(users.map((userId): [string, string[]] => [userId, []]));
  for (const [room, userIds] of members) for (const userId of userIds) rooms.get(userId)?.push(room);
  return rooms;
}
