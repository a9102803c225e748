import type { Person } from "../world/people.ts";
import type { SimGateway } from "../world/services.ts";
import type { World } from "../world/world.ts";
import type { CaseBook } from "./case-book.ts";
import { isRevealedByEarlier, isSurelyGone, isSurelyHere } from "./truth.ts";

type ShownStatus = ReturnType<SimGateway["feed"]["shown"]>;

/** What one gateway shows of a person. */
interface View {
  name: string;
  status: ShownStatus;
}

/** Which deviations of views from the truth a trouble excuses now. */
export interface Excused {
  shown: boolean;
  gone: boolean;
}

const position = (status: ShownStatus) => `${status?.epoch}/${status?.version}`;

/** Compares what every gateway would show now with what is true of the people. */
export class ViewJudge {
  readonly #world: World;
  readonly #cases: CaseBook;

  constructor(world: World, cases: CaseBook) {
    this.#world = world;
    this.#cases = cases;
  }

  judge(excused: Excused): void {
    const { people } = this.#world;
    const gateways = this.#world.openGateways().filter(({ gateway }) => gateway.feed.staleSince() === null);
    for (const person of people.everyone) {
      const views = gateways.map(({ name, gateway }) => ({
        name,
        status: gateway.feed.shown(person.userId),
      }));
      this.#judgePresence(person, views, excused);
      this.#judgeAgreement(person, views, excused);
      this.#judgeSessions(person, excused.shown);
    }
  }

  #judgePresence(person: Person, views: readonly View[], excused: Excused): void {
    const { profile, scheduler } = this.#world;
    const { userId: about } = person;
    const ms = profile.shownWithinMs;
    const isHere = isSurelyHere(person, profile, scheduler.now());
    const isGone = isSurelyGone(person, profile, scheduler.now());
    for (const { name, status } of views) {
      const subject = `${name} ${about}`;
      const missing = () =>
        `${name} does not show online a user who has a socket since ${person.openSince} (${position(status)})`;
      this.#cases.reportLasting(
        { rule: "not shown", about, key: `here ${subject}`, ms, text: missing },
        isHere && !status?.isOnline && !excused.shown,
      );
      const ghost = () =>
        `${name} shows online a user who is gone since ${person.goneSince} (${position(status)})`;
      this.#cases.reportLasting(
        { rule: "ghost", about, key: `gone ${subject}`, ms, text: ghost },
        isGone && status?.isOnline === true && !excused.gone && !this.#isForgotten(person),
      );
    }
  }

  #judgeAgreement({ userId: about }: Person, views: readonly View[], excused: Excused): void {
    const versions = new Set(views.map(({ status }) => (status?.isOnline ? position(status) : "offline")));
    const text = () =>
      views.map(({ name, status }) => `${name}: ${status?.isOnline} ${position(status)}`).join(", ");
    const { shownWithinMs: ms } = this.#world.profile;
    this.#cases.reportLasting(
      { rule: "disagreement", about, key: `agree ${about}`, ms, text },
      versions.size > 1 && !excused.shown && !excused.gone,
    );
  }

  /** The account's end may be lost with what was stored, and yesterday's release may know less of its successor. */
  #isForgotten(person: Person): boolean {
    if (isRevealedByEarlier(person, this.#world)) return true;
    const { account } = person;
    const { state, acknowledgedAt } = account;
    return state !== "active" && acknowledgedAt !== null && this.#cases.isForgotten(acknowledgedAt);
  }

  #judgeSessions({ userId: about, sessions, account }: Person, isExcused: boolean): void {
    const closedAt = account.state === "active" ? null : account.acknowledgedAt;
    const { shownWithinMs } = this.#world.profile;
    for (const session of sessions) {
      const { connection } = session.socket;
      const { name } = session.gateway;
      const subject = `${about} ${connection.id}`;
      const unlogged = () => `${name} has not put the socket of ${session.openedAt} into the log`;
      this.#cases.reportLasting(
        {
          ...{ rule: "not logged", about, key: `logged ${subject}` },
          ...{ ms: 2 * shownWithinMs, text: unlogged },
        },
        !connection.isReady && !isExcused,
      );
      const closeOrderedAt = session.closeOrderedAt ?? closedAt;
      const isOrdered = closeOrderedAt !== null && !this.#cases.isForgotten(closeOrderedAt);
      const held = () => `${name} still holds a socket that was ordered to be closed at ${closeOrderedAt}`;
      this.#cases.reportLasting(
        { rule: "order lost", about, key: `order ${subject}`, ms: shownWithinMs, text: held },
        isOrdered && !isExcused,
      );
    }
  }
}
