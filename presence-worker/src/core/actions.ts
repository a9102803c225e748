import { type ActorContext, type ActorEvent, actorTime, type Rules } from "./actor.ts";
import { turnAway } from "./connections.ts";
import type { Effect } from "./effects.ts";
import type { UserRecord } from "./record.ts";
import { settle } from "./settle.ts";
import { createSteps } from "./steps.ts";

/** What a transition of the machine does: the context after it. */
export type Action = (args: { context: ActorContext; event: ActorEvent }) => ActorContext;

const PERSIST: readonly Effect[] = [{ type: "persist" }];

/** The machine's actions by name; each transition names one. */
export function createActions(rules: Rules) {
  const step = createSteps(rules);
  const settled =
    (change: (before: UserRecord, event: ActorEvent, at: number) => UserRecord): Action =>
    ({ context: { record }, event }) =>
      settle(record, event, change(record, event, actorTime(record, event)));
  const turnAwayNewcomer: Action = ({ context: { record }, event }) => ({
    record,
    effects: [turnAway(event)],
  });
  const persistAgain: Action = ({ context: { record } }) => ({ record, effects: PERSIST });

  return {
    goOnline: settled(step.goOnline),
    goZombie: settled(step.goZombie),
    goOffline: settled(step.goOffline),
    hasten: settled(step.hasten),
    addConnection: settled(step.addConnection),
    changeConnections: settled(step.changeConnections),
    noteActivity: settled(step.noteActivity),
    expireAvailability: settled(step.expireAvailability),
    setAvailability: settled(step.setAvailability),
    readDirectory: settled(step.readDirectory),
    erase: settled(step.erase),
    dispelGhost: settled(step.dispelGhost),
    turnAway: turnAwayNewcomer,
    persistAgain,
  };
}
