import type { Random } from "../../chaos/random.ts";
import type { Scheduler } from "../engine/scheduler.ts";
import type { Profile } from "./profile.ts";
import type { OpenSocket, SimGateway } from "./services.ts";

/** One device's socket, as the person knows it. Times are world time, ms. */
export interface Session {
  /** the process that holds it */
  gateway: GatewayDoor;
  socket: OpenSocket;
  openedAt: number;
  /** an administrator's order to close it was accepted then; null: none */
  closeOrderedAt: number | null;
  /** the life of its gateway in the log at that time */
  closeOrderedIn: string | null;
  /** The client finds that it is gone. */
  lose(line: string): void;
}

/** A gateway that lets people in. */
export interface GatewayDoor {
  name: string;
  gateway: SimGateway;
  /** Calls back after so many ms of the gateway's own time, unless it is dead. */
  after(ms: number, run: () => void): void;
}

/** What is true of a person, whatever the service believes. */
export interface Person {
  readonly userId: string;
  readonly directory: { username: string | null; isAnonymous: boolean; conversationIds: string[] };
  readonly device: string | null;
  readonly isInvisible: boolean;
  readonly sessions: Set<Session>;
  /** of the last sign of life over an open socket */
  lastActiveAt: number;
  /** when the first of the open sockets was opened; null: none is open */
  openSince: number | null;
  /** when the last socket ended */
  goneSince: number;
}

export interface PeopleParts {
  scheduler: Scheduler;
  random: Random;
  profile: Profile;
  /** those that listen now */
  doors: () => GatewayDoor[];
  say: (line: string, about: string) => void;
}

const PING_TIMEOUT_MS: readonly [number, number] = [20_000, 45_000];
const RECONNECT_MS: readonly [number, number] = [300, 5_000];
const HANDSHAKE_MS = 10_000;
const HOUR = 3_600_000;

/** People with a device or two each, who come, are active, fall silent, leave in good order or vanish. */
export function createPeople({ scheduler, random, profile, doors, say }: PeopleParts) {
  const everyone: Person[] = [];

  const settleOpen = (person: Person) => {
    const open = [...person.sessions];
    if (open.length === 0) {
      if (person.openSince !== null) person.goneSince = scheduler.now();
      person.openSince = null;
    } else person.openSince = Math.min(...open.map(({ openedAt }) => openedAt));
  };

  /** Whether this is a time at which somebody with office hours comes in. */
  const isOpen = (isAlwaysHere: boolean): boolean => {
    if (!profile.hasOffice || isAlwaysHere) return true;
    const hours = scheduler.now() / HOUR;
    const [day, hour] = [Math.floor(hours / 24) % 7, hours % 24];
    return day < 5 && hour >= 7 && hour < 19;
  };

  /** One device's life, for ever. */
  const live = (person: Person, isAlwaysHere: boolean) => {
    const away = ([low, high]: readonly [number, number]) => {
      scheduler.after(random.between(low, high), arrive);
    };
    const later = () => away(isAlwaysHere ? RECONNECT_MS : profile.awayMs);
    const arrive = () => {
      const open = doors();
      if (!isOpen(isAlwaysHere) || open.length === 0) {
        away(open.length === 0 ? RECONNECT_MS : profile.awayMs);
        return;
      }
      const gateway = random.pick(open);
      let isDecided = false;
      const givesUp = scheduler.after(HANDSHAKE_MS, () => {
        isDecided = true;
        away(RECONNECT_MS);
      });
      let session: Session | undefined;
      const closed = (reason: string) => {
        if (session) end(session, `closed by ${gateway.name}: ${reason}`, reason);
      };
      void gateway.gateway.connect(person, closed).then((socket) => {
        // The client has gone elsewhere meanwhile.
        if (isDecided) {
          socket.close("transport close");
          return;
        }
        givesUp.cancelled = true;
        const opened: Session = {
          gateway,
          socket,
          openedAt: scheduler.now(),
          closeOrderedAt: null,
          closeOrderedIn: null,
          lose: (line) => end(opened, line, "gateway"),
        };
        session = opened;
        person.sessions.add(session);
        person.lastActiveAt = scheduler.now();
        settleOpen(person);
        say(`connects to ${gateway.name}`, person.userId);
        stay(session);
      });
    };
    const stay = (session: Session) => {
      const fallsSilentAt =
        random.next() < 0.15 ? scheduler.now() + random.between(0, profile.staysMs[1]) : Infinity;
      const act = () => {
        if (!person.sessions.has(session) || scheduler.now() > fallsSilentAt) return;
        person.lastActiveAt = scheduler.now();
        session.socket.act();
        scheduler.after(random.between(...profile.activeEveryMs), act);
      };
      scheduler.after(random.between(...profile.activeEveryMs), act);
      const leave = () => {
        if (!person.sessions.has(session)) return;
        if (isAlwaysHere) {
          scheduler.after(random.between(...profile.staysMs), leave);
          return;
        }
        const how = random.weighed({ goodbye: 6, closes: 2, vanishes: 2 });
        depart(session, how);
        if (random.next() < 0.3) away(RECONNECT_MS);
        else later();
      };
      scheduler.after(random.between(...profile.staysMs), leave);
    };
    const depart = (session: Session, how: "goodbye" | "closes" | "vanishes") => {
      person.sessions.delete(session);
      settleOpen(person);
      say(`${how} at ${session.gateway.name}`, person.userId);
      if (how === "vanishes") {
        const noticed = random.between(...PING_TIMEOUT_MS);
        session.gateway.after(noticed, () => session.socket.close("ping timeout"));
      } else {
        const reason = how === "goodbye" ? "client namespace disconnect" : "transport close";
        session.gateway.after(1, () => session.socket.close(reason));
      }
    };
    const end = (session: Session, line: string, reason: string) => {
      if (!person.sessions.delete(session)) return;
      settleOpen(person);
      say(line, person.userId);
      // Whom an administrator sends away stays away for a while.
      if (reason === "admin") later();
      else away(RECONNECT_MS);
    };
    away([0, Math.min(profile.awayMs[1], 60_000)]);
  };

  return {
    everyone: everyone as readonly Person[],
    get: (userId: string) => everyone.find((person) => person.userId === userId),
    add(
      options: Pick<Person, "userId" | "directory" | "device" | "isInvisible"> & {
        devices: number;
        isAlwaysHere: boolean;
      },
    ) {
      const { devices, isAlwaysHere, ...given } = options;
      const person: Person = {
        ...given,
        sessions: new Set(),
        lastActiveAt: Number.NEGATIVE_INFINITY,
        openSince: null,
        goneSince: 0,
      };
      everyone.push(person);
      for (let device = 0; device < devices; device++) live(person, isAlwaysHere && device === 0);
      return person;
    },
    /** Somebody who connects without being asked after: their sockets are opened and closed by others. */
    stranger: (userId: string, device: string): Person => ({
      userId,
      device,
      directory: { username: userId, isAnonymous: false, conversationIds: ["general"] },
      isInvisible: false,
      sessions: new Set(),
      lastActiveAt: Number.NEGATIVE_INFINITY,
      openSince: null,
      goneSince: 0,
    }),
    /** A gateway's sockets are gone for their clients, who notice at once. */
    lose(gateway: GatewayDoor, line: string) {
      for (const person of everyone)
        for (const session of [...person.sessions]) if (session.gateway === gateway) session.lose(line);
    },
  };
}

export type People = ReturnType<typeof createPeople>;
