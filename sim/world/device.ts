import type { CloseReasonName } from "@meeshy/shared/close-reasons";
import type { Arrival } from "../../gateway/src/connections/socket-server.ts";
import type { GatewayHandle, PeopleParts, Person, Session } from "./people.ts";

const PING_TIMEOUT_MS: readonly [number, number] = [20_000, 45_000];
const RECONNECT_MS: readonly [number, number] = [300, 5_000];
const HANDSHAKE_MS = 10_000;
const HOUR = 3_600_000;

/** One person's device, which connects, is active, falls silent, leaves in good order or vanishes, and reconnects. */
export class Device {
  readonly #parts: PeopleParts;
  readonly #person: Person;
  /** a socket of it was closed by no one here: what it opens next it opens by itself */
  #isCutOff = false;
  /** comes back at once whenever it is cut off, at any time of the day */
  readonly #isAlwaysHere: boolean;

  constructor(parts: PeopleParts, person: Person, isAlwaysHere: boolean) {
    this.#parts = parts;
    this.#person = person;
    this.#isAlwaysHere = isAlwaysHere;
  }

  /** Begins its life, which never ends. */
  start(): void {
    this.#comeWithin([0, Math.min(this.#parts.profile.awayMs[1], 60_000)]);
  }

  #comeWithin([low, high]: readonly [number, number]): void {
    const { scheduler, random } = this.#parts;
    scheduler.after(random.between(low, high), () => this.#arrive());
  }

  #comeLater(): void {
    const isWelcome = this.#person.account.state === "active";
    this.#comeWithin(this.#isAlwaysHere && isWelcome ? RECONNECT_MS : this.#parts.profile.awayMs);
  }

  /** Whether a person with office hours connects at this time. */
  #isOpen(): boolean {
    const { profile, scheduler } = this.#parts;
    if (!profile.hasOffice || this.#isAlwaysHere) return true;
    const hours = scheduler.now() / HOUR;
    const [day, hour] = [Math.floor(hours / 24) % 7, hours % 24];
    return day < 5 && hour >= 7 && hour < 19;
  }

  #arrive(): void {
    const { profile, random, openGateways } = this.#parts;
    const open = openGateways();
    if (open.length === 0) this.#comeWithin(RECONNECT_MS);
    else if (this.#isOpen()) this.#connect(random.pick(open));
    else this.#comeWithin(profile.awayMs);
  }

  #connect(gateway: GatewayHandle): void {
    let hasGivenUp = false;
    const givesUp = this.#parts.scheduler.after(HANDSHAKE_MS, () => {
      hasGivenUp = true;
      this.#comeWithin(RECONNECT_MS);
    });
    const isResumed = this.#isCutOff;
    let session: Session | undefined;
    const closed = (reason: CloseReasonName) => {
      if (!session || !this.#person.sessions.has(session)) return;
      this.#parts.onClosed(this.#person, session, reason);
      this.#end(session, `closed by ${gateway.name}: ${reason}`, reason);
    };
    void gateway.gateway.connect(this.#person, closed, this.#arrival()).then((socket) => {
      if (socket === "refused") {
        givesUp.cancelled = true;
        // Whose account is closed tries now and then, in vain.
        if (!hasGivenUp) this.#comeLater();
        return;
      }
      // The client has gone elsewhere meanwhile.
      if (hasGivenUp) {
        socket.close("transport close");
        return;
      }
      givesUp.cancelled = true;
      session = this.#open(gateway, socket, isResumed);
      this.#stay(session);
    });
  }

  #arrival(): Arrival {
    const idleMs = this.#parts.scheduler.now() - this.#person.lastActiveAt;
    return { isResumed: this.#isCutOff, isPassive: false, idleMs: this.#isCutOff ? idleMs : 0 };
  }

  #open(gateway: GatewayHandle, socket: Session["socket"], isResumed: boolean): Session {
    const { scheduler, say } = this.#parts;
    const session: Session = {
      ...{ gateway, socket, openedAt: scheduler.now(), closeOrderedAt: null },
      lose: (line) => this.#end(session, line, "transport close"),
    };
    this.#person.sessions.add(session);
    this.#noteOpen();
    say(`connects to ${gateway.name}`, this.#person.userId);
    this.#isCutOff = false;
    if (isResumed) return session;
    // After the end of a gateway a new page may be taken for a client that returns by itself, until its person does something.
    const wasAway = scheduler.now() - this.#person.lastActiveAt > this.#parts.profile.offlineThresholdMs / 2;
    this.#person.lastActiveAt = scheduler.now();
    if (wasAway) socket.act();
    return session;
  }

  #stay(session: Session): void {
    const { profile, random, scheduler } = this.#parts;
    const fallsSilentAt =
      random.next() < 0.15 ? scheduler.now() + random.between(0, profile.staysMs[1]) : Infinity;
    const act = () => {
      if (!this.#person.sessions.has(session) || scheduler.now() > fallsSilentAt) return;
      this.#person.lastActiveAt = scheduler.now();
      session.socket.act();
      scheduler.after(random.between(...profile.activeEveryMs), act);
    };
    scheduler.after(random.between(...profile.activeEveryMs), act);
    const leave = () => {
      if (!this.#person.sessions.has(session)) return;
      if (this.#isAlwaysHere) {
        scheduler.after(random.between(...profile.staysMs), leave);
        return;
      }
      this.#depart(session, random.weighed({ goodbye: 6, closes: 2, vanishes: 2 }));
      if (random.next() < 0.3) this.#comeWithin(RECONNECT_MS);
      else this.#comeLater();
    };
    scheduler.after(random.between(...profile.staysMs), leave);
  }

  #depart(session: Session, how: "goodbye" | "closes" | "vanishes"): void {
    const { random, say } = this.#parts;
    this.#forget(session);
    say(`${how} at ${session.gateway.name}`, this.#person.userId);
    if (how === "vanishes") {
      const noticed = random.between(...PING_TIMEOUT_MS);
      session.gateway.after(noticed, () => session.socket.close("ping timeout"));
    } else {
      const reason = how === "goodbye" ? "client namespace disconnect" : "transport close";
      session.gateway.after(1, () => session.socket.close(reason));
    }
  }

  #end(session: Session, line: string, reason: CloseReasonName): void {
    if (!this.#forget(session)) return;
    this.#parts.say(line, this.#person.userId);
    // Whom an administrator sends away stays away for a while.
    if (reason === "admin") this.#comeLater();
    else {
      this.#isCutOff = true;
      this.#comeWithin(RECONNECT_MS);
    }
  }

  /** `false`: it had ended before. */
  #forget(session: Session): boolean {
    if (!this.#person.sessions.delete(session)) return false;
    this.#person.formerGateway = session.gateway.name;
    this.#noteOpen();
    return true;
  }

  /** Since when the person has an open socket, or has none. */
  #noteOpen(): void {
    const person = this.#person;
    const open = [...person.sessions];
    if (open.length === 0) {
      if (person.openSince !== null) person.goneSince = this.#parts.scheduler.now();
      person.openSince = null;
    } else person.openSince = Math.min(...open.map(({ openedAt }) => openedAt));
  }
}
