import type { Trouble } from "../faults/schedule.ts";
import type { World } from "../world/world.ts";

export interface Finding {
  rule: string;
  /** world time, ms */
  at: number;
  /** the user, process or partition that it is about */
  about: string;
  text: string;
}

export type Excuses = Trouble["excuses"];

/** What has been found, what is wrong for how long, and which troubles excuse it. */
export class CaseBook {
  readonly findings: Finding[] = [];
  readonly #world: World;
  readonly #troubles: readonly Trouble[];
  readonly #onFinding: (finding: Finding) => void;
  readonly #reported = new Set<string>();
  /** by rule and subject: since when something is not as it should be */
  readonly #wrongSince = new Map<string, number>();

  constructor(world: World, troubles: readonly Trouble[], onFinding: (finding: Finding) => void) {
    this.#world = world;
    this.#troubles = troubles;
    this.#onFinding = onFinding;
  }

  report = (rule: string, about: string, text: string): void => {
    const { scheduler, profile } = this.#world;
    // One fault often breaks a rule many times: the first is enough.
    const key = `${rule} ${about} ${Math.floor(scheduler.now() / profile.settleMs)}`;
    if (this.#reported.has(key)) return;
    this.#reported.add(key);
    const finding = { rule, about, text, at: scheduler.now() };
    this.findings.push(finding);
    this.#onFinding(finding);
  };

  /** Reports what has been wrong for longer than `ms`. */
  reportLasting(
    wrong: { rule: string; about: string; key: string; ms: number; text: () => string },
    isWrong: boolean,
  ): void {
    if (!isWrong) {
      this.#wrongSince.delete(wrong.key);
      return;
    }
    const now = this.#world.scheduler.now();
    const since = this.#wrongSince.get(wrong.key) ?? now;
    this.#wrongSince.set(wrong.key, since);
    if (now - since > wrong.ms) this.report(wrong.rule, wrong.about, wrong.text());
  }

  /** Whether a trouble that excuses this is going on, or was a moment ago. */
  isExcused(excuses: (excuses: Excuses) => boolean): boolean {
    const now = this.#world.scheduler.now();
    const { settleMs } = this.#world.profile;
    const found = this.#troubles.findLast(
      (trouble) => now - trouble.until <= settleMs && excuses(trouble.excuses),
    );
    return found !== undefined;
  }

  /** Whether an order accepted then may be lost with what was stored: the record of it, or the log before it was read. */
  isForgotten(acceptedAt: number): boolean {
    const { settleMs } = this.#world.profile;
    return this.#troubles.some(
      ({ excuses, until }) =>
        (excuses.records === true && until >= acceptedAt) ||
        (excuses.log === true && until >= acceptedAt && until - acceptedAt <= settleMs),
    );
  }
}
