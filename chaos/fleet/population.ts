import type { Random } from "../random.ts";

/** Who there is, and with whom they share conversations. */
export interface Population {
  users: string[];
  /** user ids by conversation id */
  members: Map<string, string[]>;
  /** one entry a client: its user, and the gateway it tries first */
  clients: { userId: string; home: number }[];
  /** whom a service keeps online without a socket; most of them have no client */
  kept: string[];
  /** for whom something is chosen again and again */
  choosing: string[];
}

const ROOM_SIZE = 10;
/** Of ten users, this many have a second client, on another gateway. */
const SECOND_CLIENTS_IN_TEN = 2;
/** Of ten users, this many are in a second room. */
const SECOND_ROOMS_IN_TEN = 3;
/** Users without any conversation: every other user is a stranger to them. */
const HERMITS = 5;
/** In twenty users, so many more have no client, but sessions. */
const WITHOUT_SOCKET_IN_TWENTY = 1;
/** Of twenty users with a client, this many are kept by a service as well. */
const KEPT_IN_TWENTY = 1;
/** Of ten users, with a client or without, this many choose what they are shown as. */
const CHOOSING_IN_TEN = 2;

/** Plans a population of `clients` clients on `gateways` gateways. Rooms share few members, so most people are strangers. */
export function planPopulation(clients: number, gateways: number, random: Random): Population {
  const count = Math.max(1, Math.round((clients * 10) / (10 + SECOND_CLIENTS_IN_TEN)));
  const users = Array.from({ length: count }, (_, index) => `u${index}`);
  const sociable = users.slice(0, Math.max(1, count - HERMITS));
  const rooms = Math.max(1, Math.ceil(sociable.length / ROOM_SIZE));
  const members = new Map(
    Array.from({ length: rooms }, (_, room): [string, string[]] => [`room${room}`, []]),
  );
  const join = (room: number, userId: string) => {
    const present = members.get(`room${room}`);
    if (present && !present.includes(userId)) present.push(userId);
  };
  for (const [index, userId] of sociable.entries()) {
    join(index % rooms, userId);
    if (random.next() * 10 < SECOND_ROOMS_IN_TEN) join(Math.floor(random.next() * rooms), userId);
  }
  const homes = users.map((userId) => ({ userId, home: Math.floor(random.next() * gateways) }));
  const seconds = random
    .shuffled(homes)
    .slice(0, Math.max(0, clients - count))
    .map(({ userId, home }) => ({ userId, home: (home + 1) % gateways }));
  const machines = Array.from(
    { length: Math.ceil((count * WITHOUT_SOCKET_IN_TWENTY) / 20) },
    (_, index) => `s${index}`,
  );
  for (const [index, userId] of machines.entries()) join(index % rooms, userId);
  const some = (share: number) => random.shuffled(sociable).slice(0, Math.round(sociable.length * share));
  return {
    ...{ users: [...users, ...machines], members, clients: [...homes, ...seconds] },
    kept: [...machines, ...some(KEPT_IN_TWENTY / 20)],
    choosing: [...machines.filter((_, index) => index % 2 === 0), ...some(CHOOSING_IN_TEN / 10)],
  };
}
