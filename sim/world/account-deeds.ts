import type { Account, GatewayHandle, Person } from "./people.ts";
import type { World } from "./world.ts";

/** How an application asks a gateway for a change, which answers or does not; asked again until one has. */
const ANSWERS_WITHIN_MS = 10_000;
const AGAIN_MS: readonly [number, number] = [500, 5_000];

type Change = Parameters<GatewayHandle["gateway"]["accounts"]["change"]>[1];

/**
 * An application switches accounts off, deletes them and revokes their sessions, most often where a gateway that holds
 * their sockets is cut off. An account comes back after a time: switched on, or made anew under its old id.
 */
export function lookAfterAccounts(world: World): void {
  const { scheduler, profile, people, tables, deeds: random } = world;

  const within = ([low, high]: readonly [number, number], run: () => void) =>
    void scheduler.after(random.between(low, high), run);

  /** Asks until a gateway acknowledges, or something else is wanted of the account. */
  const request = (person: Person, change: Change, isStillWanted: () => boolean, done: () => void) => {
    let isDone = false;
    const attempt = () => {
      if (isDone || !isStillWanted()) return;
      let isOver = false;
      const again = () => {
        if (!isOver) within(AGAIN_MS, attempt);
        isOver = true;
      };
      const open = world.openGateways();
      if (open.length === 0) {
        again();
        return;
      }
      const { name, gateway } = random.pick(open);
      scheduler.after(ANSWERS_WITHIN_MS, again);
      gateway.accounts.change(person.userId, change).then(() => {
        isOver = true;
        if (isDone || !isStillWanted()) return;
        isDone = true;
        world.say(`${name} acknowledges: ${change}`, person.userId);
        done();
      }, again);
    };
    attempt();
  };

  const close = (person: Person, state: "deactivated" | "deleted") => {
    const account: Account = { ...person.account, state, acknowledgedAt: null };
    const closedAt = scheduler.now();
    person.account = account;
    person.orderedAt = closedAt;
    world.say(`the account is ${state}`, person.userId);
    request(
      person,
      state,
      () => person.account === account,
      () => {
        account.acknowledgedAt = scheduler.now();
        person.orderedAt = scheduler.now();
        for (const session of person.sessions) session.closeOrderedAt ??= scheduler.now();
        within([profile.settleMs / 4, profile.settleMs * 4], () => open(person, state, closedAt));
      },
    );
  };

  const open = (person: Person, former: "deactivated" | "deleted", closedAt: number) => {
    if (former === "deleted") tables.addPerson(person.userId, { availability: person.availability });
    const account: Account = {
      ...{ ...person.account, state: "active", acknowledgedAt: null },
      ...(former === "deleted" ? { deletedAt: closedAt } : {}),
    };
    person.account = account;
    world.say(
      former === "deleted" ? "an account is made anew" : "the account is active again",
      person.userId,
    );
    request(
      person,
      "profile",
      () => person.account === account,
      () => {
        account.acknowledgedAt = scheduler.now();
      },
    );
  };

  const revoke = (person: Person) => {
    const { account } = person;
    // An order holds for what the log had before.
    const logged = [...person.sessions].filter(({ socket }) => socket.connection.logged !== undefined);
    person.orderedAt = scheduler.now();
    world.say("all sessions are revoked", person.userId);
    request(
      person,
      "sessions-revoked",
      () => person.account === account,
      () => {
        person.orderedAt = scheduler.now();
        for (const session of logged) session.closeOrderedAt ??= scheduler.now();
      },
    );
  };

  const act = () => {
    within([0.1 * profile.faultEveryMs[1], 0.8 * profile.faultEveryMs[1]], act);
    const active = people.everyone.filter(({ account }) => account.state === "active");
    const outOfReach = active.filter(({ sessions }) =>
      [...sessions].some(({ gateway }) => !gateway.gateway.hasLink()),
    );
    const open = active.filter(({ sessions }) => sessions.size > 0);
    const [some] = [outOfReach, open, active].filter(({ length }) => length > 0);
    if (some === undefined) return;
    const person = random.pick(some);
    const deed = random.weighed({ revoked: 1, deactivated: 2, deleted: 2 });
    if (deed === "revoked") revoke(person);
    else close(person, deed);
  };
  scheduler.after(profile.settleMs, () => within(profile.faultEveryMs, act));
}
