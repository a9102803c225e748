import { LAST_VALUE_MAX_AGE_MS } from "@meeshy/shared/nats/streams";
import { compareVersions, type StatusMessage } from "@meeshy/shared/status";
import type { Person } from "../world/people.ts";
import type { Shown, World } from "../world/world.ts";
import type { CaseBook } from "./case-book.ts";
import { isRevealedByEarlier, isSurelyHere } from "./truth.ts";

/** Causes for which a user is shown offline without having left. */
const SILENCE = ["idle", "connection-lost", "gateway-lost"];

/** Judges each status at the moment at which a gateway passes it on. */
export class BroadcastJudge {
  readonly #world: World;
  readonly #cases: CaseBook;
  /** by gateway and user: the last status that was passed on */
  readonly #last = new Map<string, Shown>();
  /** by user: the newest status that any gateway has passed on */
  readonly #newest = new Map<string, StatusMessage>();

  constructor(world: World, cases: CaseBook) {
    this.#world = world;
    this.#cases = cases;
  }

  judge(shown: Shown): void {
    const { gateway, status } = shown;
    this.#judgeOrder(shown);
    const person = this.#world.people.get(status.userId);
    if (!person) return;
    if (person.isInvisible && status.isOnline && !isRevealedByEarlier(person, this.#world))
      this.#cases.report("privacy", person.userId, `${gateway} shows an invisible user online`);
    this.#judgeDate(shown);
    if (!status.isOnline) this.#judgeOffline(person, shown);
  }

  #judgeOrder(shown: Shown): void {
    const { gateway, status } = shown;
    const { userId, epoch, version } = status;
    // Of someone never shown: it replaces no status, and carries what the directory says.
    if (version === 0) return;
    const key = `${gateway} ${userId}`;
    const last = this.#last.get(key);
    this.#last.set(key, shown);
    if (last === undefined) return;
    const former = last.status;
    const order = epoch - former.epoch || version - former.version;
    const now = `${gateway} shows ${epoch}/${version}`;
    if (order < 0)
      this.#cases.report("version went down", userId, `${now} after ${former.epoch}/${former.version}`);
    // A status of someone offline expires on the broker, and gateways forget it: news of the directory bring it once more.
    const isForgotten = !former.isOnline && shown.at - last.at > LAST_VALUE_MAX_AGE_MS;
    if (order === 0 && !isForgotten) this.#cases.report("shown twice", userId, `${now} again`);
  }

  /** A status is judged when it is first shown: news of the directory bring it once more, to gateways that forgot it. */
  #judgeDate({ gateway, status }: Shown): void {
    const { userId, at } = status;
    const newest = this.#newest.get(userId);
    if (newest && compareVersions(status, newest) <= 0) return;
    this.#newest.set(userId, status);
    const { broker, profile } = this.#world;
    const late = at === null ? 0 : Math.abs(broker.time() - Date.parse(at));
    if (late <= profile.settleMs) return;
    if (this.#cases.isExcused(({ shown, dates }) => shown === true || dates === true)) return;
    const now = new Date(broker.time()).toISOString();
    this.#cases.report("wrong date", userId, `${gateway} shows ${at} at ${now}`);
  }

  #judgeOffline(person: Person, { gateway, status }: Shown): void {
    const { profile, scheduler } = this.#world;
    if (!SILENCE.includes(status.cause) || !isSurelyHere(person, profile, scheduler.now())) return;
    // A gateway that stood still or was cut off passes on what was true meanwhile, and has not written what people did.
    const open = [...person.sessions].map((session) => session.gateway.name);
    const holders = [gateway, person.formerGateway, ...open];
    const isOfTrouble = this.#cases.isExcused(
      (excuses) =>
        excuses.loss === true || (excuses.gateway !== undefined && holders.includes(excuses.gateway)),
    );
    if (isOfTrouble) return;
    this.#cases.report(
      "false offline",
      person.userId,
      `${gateway} shows a user offline (${status.cause}, ${status.epoch}/${status.version}) who has a socket since ${person.openSince} and was active at ${person.lastActiveAt}`,
    );
  }
}
