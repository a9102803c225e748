import type { Trouble } from "../faults/schedule.ts";
import type { Person } from "../world/people.ts";
import type { Shown, World } from "../world/world.ts";
import { createCopyCounter } from "./copies.ts";
import { judgeSizes } from "./sizes.ts";

export interface Finding {
  rule: string;
  /** world time, ms */
  at: number;
  /** the user, process or partition that it is about */
  about: string;
  text: string;
}

/** Judges a world by what its people did and what viewers were shown; it knows nothing of how the service works. */
export interface Oracle {
  findings: readonly Finding[];
}

/** What was left open when a status was shown; times in world time, ms. */
export function createOracle(
  world: World,
  troubles: readonly Trouble[],
  onFinding: (finding: Finding) => void,
): Oracle {
  const { scheduler, profile, people, broker } = world;
  const findings: Finding[] = [];
  const reported = new Set<string>();
  /** by gateway and user: the last status that was passed on */
  const last = new Map<string, Shown>();
  /** by rule and subject: since when something is not as it should be */
  const wrongSince = new Map<string, number>();

  const report = (rule: string, about: string, text: string) => {
    // One fault often breaks a rule many times: the first tells.
    const key = `${rule} ${about} ${Math.floor(scheduler.now() / profile.settleMs)}`;
    if (reported.has(key)) return;
    reported.add(key);
    const finding = { rule, about, text, at: scheduler.now() };
    findings.push(finding);
    onFinding(finding);
  };

  const countCopies = createCopyCounter(world, report);

  /** Whether a trouble that excuses this is going on, or was a moment ago. */
  const isExcused = (excuses: (trouble: Trouble) => boolean, settleMs: number): boolean => {
    const now = scheduler.now();
    for (let at = troubles.length - 1; at >= 0; at--) {
      const trouble = troubles[at] as Trouble;
      if (now - trouble.until <= settleMs && excuses(trouble)) return true;
    }
    return false;
  };

  /** Wrong for longer than it may be. */
  const isWrongFor = (key: string, isWrong: boolean, ms: number): boolean => {
    if (!isWrong) {
      wrongSince.delete(key);
      return false;
    }
    const since = wrongSince.get(key) ?? scheduler.now();
    wrongSince.set(key, since);
    return scheduler.now() - since > ms;
  };

  /** Somebody has an open socket and was active so lately that no clock can say otherwise. */
  const isSurelyHere = (person: Person): boolean => {
    const { openSince, lastActiveAt, isInvisible } = person;
    const now = scheduler.now();
    const mayIdle = profile.offlineThresholdMs - profile.activityThrottleMs - 2 * profile.tickMs;
    return (
      !isInvisible &&
      openSince !== null &&
      now - openSince > profile.shownWithinMs &&
      now - lastActiveAt < mayIdle / 2 &&
      [...person.sessions].every(({ closeOrderedAt }) => closeOrderedAt === null)
    );
  };
  /** Somebody has been gone for so long that no grace or lease can hold them up. */
  const isSurelyGone = ({ openSince, goneSince, isInvisible }: Person): boolean => {
    const patience = 3 * profile.gatewayLeaseMs + profile.graceMs + 4 * profile.tickMs + 50_000;
    return isInvisible || (openSince === null && scheduler.now() - goneSince > patience);
  };

  const judgeShown = (shown: Shown) => {
    const { gateway, status } = shown;
    const key = `${gateway} ${status.userId}`;
    const before = last.get(key);
    last.set(key, shown);
    const { epoch, version } = status;
    if (before) {
      const { status: former } = before;
      const order = epoch - former.epoch || version - former.version;
      if (order < 0)
        report(
          "version went down",
          status.userId,
          `${gateway} shows ${epoch}/${version} after ${former.epoch}/${former.version}`,
        );
      if (order === 0) report("shown twice", status.userId, `${gateway} shows ${epoch}/${version} again`);
    }
    const person = people.get(status.userId);
    if (!person) return;
    if (person.isInvisible && status.isOnline)
      report("privacy", person.userId, `${gateway} shows somebody invisible online`);
    const isDateExcused = isExcused(({ excuses }) => excuses.dates === true, profile.settleMs);
    const late = status.at === null ? 0 : Math.abs(broker.time() - Date.parse(status.at));
    if (
      late > profile.settleMs &&
      !isExcused(({ excuses }) => excuses.shown === true, profile.settleMs) &&
      !isDateExcused
    )
      report(
        "wrong date",
        person.userId,
        `${gateway} shows ${status.at} at ${new Date(broker.time()).toISOString()}`,
      );
    if (!status.isOnline) judgeOffline(person, shown);
  };

  const judgeOffline = (person: Person, { gateway, status }: Shown) => {
    if (!isSurelyHere(person) || !["idle", "connection-lost", "gateway-lost"].includes(status.cause)) return;
    const holders = [...person.sessions].map((session) => session.gateway.name);
    const isOfTrouble = isExcused(
      ({ excuses }) =>
        excuses.loss === true || (excuses.gateway !== undefined && holders.includes(excuses.gateway)),
      profile.settleMs,
    );
    if (isOfTrouble) return;
    report(
      "false offline",
      person.userId,
      `${gateway} shows offline (${status.cause}, ${status.epoch}/${status.version}) who holds a socket since ${person.openSince} and was active at ${person.lastActiveAt}`,
    );
  };

  /** Compares every gateway's view with the truth. */
  const sample = () => {
    const excusesShown = isExcused(({ excuses }) => excuses.shown === true, profile.settleMs);
    const excusesGone = isExcused(({ excuses }) => excuses.gone === true, profile.settleMs);
    const doors = world.doors();
    for (const person of people.everyone) {
      const views = doors
        .filter(({ gateway }) => gateway.feed.staleSince() === null)
        .map(({ name, gateway }) => ({ name, status: gateway.feed.shown(person.userId) }));
      const isHere = isSurelyHere(person);
      const isGone = isSurelyGone(person);
      for (const { name, status } of views) {
        const key = `${name} ${person.userId}`;
        if (isWrongFor(`here ${key}`, isHere && !status?.isOnline && !excusesShown, profile.shownWithinMs))
          report(
            "not shown",
            person.userId,
            `${name} does not show who holds a socket since ${person.openSince} (${status?.epoch}/${status?.version})`,
          );
        if (
          isWrongFor(
            `gone ${key}`,
            isGone && status?.isOnline === true && !excusesGone,
            profile.shownWithinMs,
          )
        )
          report(
            "ghost",
            person.userId,
            `${name} shows who is gone since ${person.goneSince} (${status?.epoch}/${status?.version})`,
          );
      }
      const versions = new Set(
        views.map(({ status }) => (status?.isOnline ? `${status.epoch}/${status.version}` : "offline")),
      );
      if (
        isWrongFor(
          `agree ${person.userId}`,
          versions.size > 1 && !excusesShown && !excusesGone,
          profile.shownWithinMs,
        )
      )
        report(
          "disagreement",
          person.userId,
          views
            .map(({ name, status }) => `${name}: ${status?.isOnline} ${status?.epoch}/${status?.version}`)
            .join(", "),
        );
      judgeSessions(person, excusesShown);
    }
    if (!excusesShown && !excusesGone) judgeSizes(world, report);
    countCopies();
  };

  const judgeSessions = (person: Person, isExcusedNow: boolean) => {
    for (const session of person.sessions) {
      const { connection } = session.socket;
      const key = `${person.userId} ${connection.id}`;
      if (isWrongFor(`welcome ${key}`, !connection.isWelcomed && !isExcusedNow, 2 * profile.shownWithinMs))
        report(
          "not welcomed",
          person.userId,
          `${session.gateway.name} has not put the socket of ${session.openedAt} into the log`,
        );
      // A gateway that is declared lost meanwhile announces the socket again, and that undoes the order: not promised yet.
      const isOrdered =
        session.closeOrderedAt !== null && session.closeOrderedIn === connection.logged?.gatewayId;
      if (isWrongFor(`order ${key}`, isOrdered && !isExcusedNow, profile.shownWithinMs))
        report(
          "order lost",
          person.userId,
          `${session.gateway.name} still holds a socket that was ordered to be closed at ${session.closeOrderedAt}`,
        );
    }
  };

  /** Sockets that an administrator orders to be closed, now and then: most often where the order may be lost. */
  const administer = () => {
    scheduler.after(world.random.between(0.02, 0.4) * profile.faultEveryMs[1], administer);
    const doors = world.doors().filter(({ gateway }) => gateway.hasLink());
    const open = people.everyone.filter(({ sessions }) => sessions.size > 0);
    const outOfReach = open.filter(({ sessions }) =>
      [...sessions].some((session) => !session.gateway.gateway.hasLink()),
    );
    const isRare = world.random.between(0, 1) > 0.05;
    if (doors.length === 0 || open.length === 0 || (outOfReach.length === 0 && isRare)) return;
    const person = world.random.pick(outOfReach.length > 0 ? outOfReach : open);
    world.say("an administrator orders to close all sockets", person.userId);
    void world.random
      .pick(doors)
      .gateway.log.disconnectAll(person.userId)
      .then(
        (seq) => {
          world.say(`the order is in the log at ${seq}`, person.userId);
          const stored = broker.messageAt("PRESENCE_EVENTS", seq)?.time;
          if (stored === undefined) return;
          for (const session of person.sessions) {
            const { logged } = session.socket.connection;
            if (!logged || logged.seq >= seq || session.closeOrderedAt !== null) continue;
            session.closeOrderedAt = scheduler.now();
            session.closeOrderedIn = logged.gatewayId;
          }
        },
        () => {},
      );
  };

  world.onShown(judgeShown);
  world.onCrash((name, error) => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    // A process whose lease was taken from it ends by design.
    if (!text.includes("was taken away")) report("crash", name, text.split("\n").slice(0, 3).join(" | "));
  });
  const again = () => {
    scheduler.after(profile.sampleEveryMs, again);
    sample();
  };
  scheduler.after(profile.settleMs, again);
  scheduler.after(profile.settleMs, administer);
  return { findings };
}
