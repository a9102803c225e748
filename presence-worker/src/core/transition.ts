import { type AnyActorScope, createActor } from "xstate";
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
 * The machine as a function of (record, event), for any number of users: one scope and one snapshot a
 * state serve all of them, where an actor a user would cost 4 kB. An event that changes nothing
 * returns the very same record; the given record is never touched.
 */
export function createTransition(rules: Rules): (record: UserRecord, event: ActorEvent) => Transition {
  const machine = createPresenceMachine(rules);
  const scope = createScope(machine);
  const snapshotIn = (value: LifecycleState) =>
    machine.resolveState({ value, context: { record: emptyRecord(""), effects: NO_EFFECTS } });
  const snapshots = {
    online: snapshotIn("online"),
    zombie: snapshotIn("zombie"),
    offline: snapshotIn("offline"),
  };

  return (record, event) => {
    const snapshot = { ...snapshots[record.state], context: { record, effects: NO_EFFECTS } };
    return machine.transition(snapshot, event, scope).context;
  };
}

/** What the machine asks of its surroundings: nothing, since it starts no actors and executes no actions. */
function createScope(machine: ReturnType<typeof createPresenceMachine>): AnyActorScope {
  const self = createActor(machine, { input: { userId: "" } });
  const ignore = () => {};
  return {
    self,
    system: self.system,
    id: "",
    sessionId: "",
    logger: ignore,
    defer: ignore,
    emit: ignore,
    stopChild: ignore,
    actionExecutor: ignore,
  };
}
