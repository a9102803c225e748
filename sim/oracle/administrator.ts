import type { World } from "../world/world.ts";

/** Orders sockets to be closed now and then, as an administrator does: most often where the order may be lost. */
export function administer(world: World): void {
  const { scheduler, profile, people, broker, deeds: random } = world;
  const order = () => {
    scheduler.after(random.between(0.005, 0.1) * profile.faultEveryMs[1], order);
    const gateways = world.openGateways().filter(({ gateway }) => gateway.hasLink());
    const open = people.everyone.filter(({ sessions }) => sessions.size > 0);
    const outOfReach = open.filter(({ sessions }) =>
      [...sessions].some((session) => !session.gateway.gateway.hasLink()),
    );
    const isRare = random.next() > 0.0125;
    if (gateways.length === 0 || open.length === 0 || (outOfReach.length === 0 && isRare)) return;
    const person = random.pick(outOfReach.length > 0 ? outOfReach : open);
    person.orderedAt = scheduler.now();
    world.say("an administrator orders to close all sockets", person.userId);
    void random
      .pick(gateways)
      .gateway.log.disconnectAll(person.userId)
      .then(
        (seq) => {
          person.orderedAt = scheduler.now();
          world.say(`the order is in the log at ${seq}`, person.userId);
          const stored = broker.messageAt("PRESENCE_EVENTS", seq)?.time;
          if (stored === undefined) return;
          for (const session of person.sessions) {
            const { logged } = session.socket.connection;
            if (!logged || logged.seq >= seq || session.closeOrderedAt !== null) continue;
            session.closeOrderedAt = scheduler.now();
          }
        },
        () => {},
      );
  };
  scheduler.after(profile.settleMs, order);
}
