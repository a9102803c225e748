import { type Action, createActions } from "./actions.ts";
import type { ActorContext, ActorEvent, Rules } from "./actor.ts";
import type { Effect } from "./effects.ts";
import { createGuards } from "./guards.ts";
import { createPresenceMachine } from "./machine.ts";
import type { UserRecord } from "./record.ts";
import { createTransitionTable } from "./transition-table.ts";

export interface Transition {
  record: UserRecord;
  effects: readonly Effect[];
}

type Guard = (args: { context: ActorContext; event: ActorEvent }) => boolean;

const NO_EFFECTS: readonly Effect[] = Object.freeze([]);

/**
 * The machine as a function of (record, event), for any number of users: its configuration, read once into a table,
 * chooses the transition, whose one action makes the next record. An actor a user would cost 4 kB; XState's own
 * `transition` looks after exits, entries, history and children, which this flat machine has not: it takes 50 µs, not 1.
 * A property test holds the two equal. An event that changes nothing returns the very same record; the given record is
 * never touched.
 */
export function createTransition(rules: Rules): (record: UserRecord, event: ActorEvent) => Transition {
  const table = createTransitionTable<Guard, Action>(createPresenceMachine(rules).config, {
    guards: createGuards(rules),
    actions: createActions(rules),
  });

  return (record, event) => {
    const context = { record, effects: NO_EFFECTS };
    const candidates = table[record.state].get(event.type);
    if (candidates === undefined) return context;
    const args = { context, event };
    for (const { guard, action } of candidates) if (guard === null || guard(args)) return action(args);
    return context;
  };
}
