import type { CloseReasonName } from "@meeshy/shared/close-reasons";
import type { Availability } from "@meeshy/shared/status";
import type { Random } from "../../chaos/random.ts";
import type { Scheduler } from "../engine/scheduler.ts";
import { Device } from "./device.ts";
import type { Profile } from "./profile.ts";
import type { OpenSocket, SimGateway } from "./services.ts";

/** One device's socket, as the person knows it. Times are world time, ms. */
export interface Session {
  /** the process that holds it */
  gateway: GatewayHandle;
  socket: OpenSocket;
  openedAt: number;
  /** an administrator's order to close it was accepted then; null: none */
  closeOrderedAt: number | null;
  /** The client finds that it is gone. */
  lose(line: string): void;
}

/** A running gateway that accepts connections. */
export interface GatewayHandle {
  name: string;
  gateway: SimGateway;
  /** Calls back after so many ms of the gateway's own time, unless it is dead. */
  after(ms: number, run: () => void): void;
}

/** Whether a person's account is open, as its application has it. */
export interface Account {
  readonly state: "active" | "deactivated" | "deleted";
  /** when a gateway acknowledged that; null: none has */
  acknowledgedAt: number | null;
  /** when the account was deleted that had this id before, world time; absent: none had */
  readonly deletedAt?: number;
}

/** What is true of a person, whatever the service has decided. */
export interface Person {
  readonly userId: string;
  readonly directory: { username: string | null; isAnonymous: boolean; conversationIds: string[] };
  readonly device: string | null;
  readonly availability: Availability;
  readonly isInvisible: boolean;
  /** the directory's word is not asked for */
  readonly isStranger: boolean;
  account: Account;
  /** when an administrator or the application last ordered to close the person's sockets, or tried to */
  orderedAt: number;
  readonly sessions: Set<Session>;
  /** of the last sign of life over an open socket */
  lastActiveAt: number;
  /** which gateway held the socket that ended last; it alone may know what the person did there */
  formerGateway: string | null;
  /** when the first of the open sockets was opened; null: none is open */
  openSince: number | null;
  /** when the last socket ended */
  goneSince: number;
}

export interface PeopleParts {
  scheduler: Scheduler;
  random: Random;
  profile: Profile;
  /** the gateways that accept connections now */
  openGateways: () => GatewayHandle[];
  say: (line: string, about: string) => void;
  /** A gateway has closed a socket for a reason of its own. */
  onClosed: (person: Person, session: Session, reason: CloseReasonName) => void;
}

/** People with a device or two each. */
export function createPeople(parts: PeopleParts) {
  const everyone: Person[] = [];

  return {
    everyone: everyone as readonly Person[],
    get: (userId: string) => everyone.find((person) => person.userId === userId),
    add(
      options: Pick<Person, "userId" | "directory" | "device" | "availability"> & {
        devices: number;
        isAlwaysHere: boolean;
      },
    ) {
      const { devices, isAlwaysHere, ...given } = options;
      const person: Person = {
        ...given,
        isInvisible: given.availability === "invisible",
        isStranger: false,
        ...neverSeen(),
      };
      everyone.push(person);
      for (let device = 0; device < devices; device++)
        new Device(parts, person, isAlwaysHere && device === 0).start();
      return person;
    },
    /** A person whom the oracle does not judge: a fault opens and closes their sockets. */
    stranger: (userId: string, device: string): Person => ({
      userId,
      device,
      directory: { username: userId, isAnonymous: false, conversationIds: ["general"] },
      availability: "available",
      isInvisible: false,
      isStranger: true,
      ...neverSeen(),
    }),
    /** A gateway's sockets are gone for their clients, who notice at once. */
    lose(gateway: GatewayHandle, line: string) {
      for (const person of everyone)
        for (const session of [...person.sessions]) if (session.gateway === gateway) session.lose(line);
    },
  };
}

export type People = ReturnType<typeof createPeople>;

const neverSeen = () => ({
  account: { state: "active" as const, acknowledgedAt: 0 },
  orderedAt: Number.NEGATIVE_INFINITY,
  sessions: new Set<Session>(),
  lastActiveAt: Number.NEGATIVE_INFINITY,
  formerGateway: null,
  openSince: null,
  goneSince: 0,
});
