import type { CloseCommand } from "@meeshy/shared/events";
import { type ActorContext, type ActorEvent, actorTime, type Rules } from "./actor.ts";
import { commit } from "./commit.ts";
import { rejectConnection } from "./connections.ts";
import type { Effect } from "./effects.ts";
import type { UserRecord } from "./record.ts";
import { createSteps } from "./steps.ts";

/** What a transition of the machine does: the context after it. */
export type Action = (args: { context: ActorContext; event: ActorEvent }) => ActorContext;

const PERSIST: readonly Effect[] = [{ type: "persist" }];

/** The machine's actions by name; each transition names one. */
export function createActions(rules: Rules) {
  const step = createSteps(rules);
  const committed =
    (change: (before: UserRecord, event: ActorEvent, at: number) => UserRecord): Action =>
    ({ context: { record }, event }) =>
      commit(record, event, change(record, event, actorTime(record, event)));
  const rejected =
    (reason: CloseCommand["reason"]): Action =>
    ({ context: { record }, event }) => ({ record, effects: [rejectConnection(event, reason)] });
  const persistAgain: Action = ({ context: { record } }) => ({ record, effects: PERSIST });

  return {
    goOnline: committed(step.goOnline),
    goZombie: committed(step.goZombie),
    goOffline: committed(step.goOffline),
    shortenGrace: committed(step.shortenGrace),
    addConnection: committed(step.addConnection),
    changeConnections: committed(step.changeConnections),
    changeSessions: committed(step.changeSessions),
    noteActivity: committed(step.noteActivity),
    expire: committed(step.expire),
    closeAll: committed(step.closeAll),
    setAvailability: committed(step.setAvailability),
    readDirectory: committed(step.readDirectory),
    erase: committed(step.erase),
    correctStaleOnline: committed(step.correctStaleOnline),
    rejectConnection: rejected("replaced"),
    closeAgain: rejected("admin"),
    persistAgain,
  };
}
