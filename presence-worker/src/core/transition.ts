import { type Action, createActions } from "./actions.ts";
import type { ActorEvent, Rules } from "./actor.ts";
import type { Effect } from "./effects.ts";
import { createPresenceMachine } from "./machine.ts";
import { emptyRecord, type LifecycleState, type UserRecord } from "./record.ts";

export interface Transition {
  record: UserRecord;
  effects: readonly Effect[];
}

const NO_EFFECTS: readonly Effect[] = Object.freeze([]);

/**
 * The machine as a function of (record, event), for any number of users: its states and guards choose the
 * transition, whose one action makes the next record. One snapshot a state serves all users, where an actor a
 * user would cost 4 kB; and the action is applied here, since the machine's own step looks after exits, entries,
 * history and children, which a flat machine without them has not, and takes four times as long. An event that
 * changes nothing returns the very same record; the given record is never touched.
 */
export function createTransition(rules: Rules): (record: UserRecord, event: ActorEvent) => Transition {
  const machine = createPresenceMachine(rules);
  const actions = new Map<unknown, Action>(Object.entries(createActions(rules)));
  const snapshotIn = (value: LifecycleState) =>
    machine.resolveState({ value, context: { record: emptyRecord(""), effects: NO_EFFECTS } });
  const snapshots = {
    online: snapshotIn("online"),
    zombie: snapshotIn("zombie"),
    offline: snapshotIn("offline"),
  };

  return (record, event) => {
    const context = { record, effects: NO_EFFECTS };
    const snapshot = snapshots[record.state];
    snapshot.context = context;
    const chosen = machine.getTransitionData(snapshot, event)[0];
    const action = chosen && actions.get(chosen.actions[0]);
    return action ? action({ context, event }) : context;
  };
}
