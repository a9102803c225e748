import type { LifecycleState } from "./record.ts";

/**
 * A flat machine's configuration as a table: per state and event type the candidate transitions in the order in which
 * XState asks them, the state's own first, then the root's. Read once from `machine.config`, XState's public
 * description of a machine, and by allow-list: what is unknown to this reader is an error and never ignored.
 */
export type TransitionTable<Guard, Action> = Record<
  LifecycleState,
  ReadonlyMap<string, readonly Candidate<Guard, Action>[]>
>;

/** One transition: it is taken if its guard lets it through, or has none; `action` makes the next context. */
interface Candidate<Guard, Action> {
  guard: Guard | null;
  action: Action;
}

/** A machine's guards and actions by the names in its configuration. */
export interface Implementations<Guard, Action> {
  guards: Readonly<Record<string, Guard>>;
  actions: Readonly<Record<string, Action>>;
}

const STATES: readonly LifecycleState[] = ["online", "zombie", "offline"];
/** `schemas` is added by `setup` and holds types only. */
const ROOT_FIELDS = ["id", "schemas", "context", "initial", "on", "states"];

/**
 * @throws {TypeError} when the configuration has what the table cannot express: nested or parallel states, `always`,
 * `after`, `invoke`, entries and exits, wildcards, an inline function, several actions, or an unknown name.
 */
export function createTransitionTable<Guard, Action>(
  config: unknown,
  implementations: Implementations<Guard, Action>,
): TransitionTable<Guard, Action> {
  const root = fieldsOf("the machine", config, ROOT_FIELDS);
  const states = fieldsOf("states", root.states, STATES);
  const shared = transitionsOf("the machine", root.on, implementations);

  const rowOf = (state: LifecycleState) => {
    const own = transitionsOf(state, fieldsOf(state, states[state], ["on"]).on, implementations);
    const types = new Set([...own.keys(), ...shared.keys()]);
    return new Map([...types].map((type) => [type, [...(own.get(type) ?? []), ...(shared.get(type) ?? [])]]));
  };
  return { online: rowOf("online"), zombie: rowOf("zombie"), offline: rowOf("offline") };
}

function transitionsOf<Guard, Action>(
  where: string,
  on: unknown,
  implementations: Implementations<Guard, Action>,
): Map<string, Candidate<Guard, Action>[]> {
  const byType = Object.entries(isFields(on) ? on : fail(`${where}: its transitions are not an object`));
  return new Map(
    byType.map(([type, given]) => {
      const place = `${where}, ${type}`;
      if (type === "" || type.includes("*")) fail(`${place}: not the type of an event`);
      const candidates = Array.isArray(given) ? given : [given];
      return [type, candidates.map((one) => candidateOf(place, one, implementations))];
    }),
  );
}

function candidateOf<Guard, Action>(
  where: string,
  given: unknown,
  { guards, actions }: Implementations<Guard, Action>,
): Candidate<Guard, Action> {
  const { guard, target, actions: action } = fieldsOf(where, given, ["guard", "target", "actions"]);
  if (target !== undefined && !STATES.some((state) => target === state || target === `.${state}`))
    fail(`${where}: unknown target ${String(target)}`);
  return {
    guard: guard === undefined ? null : named(`${where}: guard`, guards, guard),
    action: named(`${where}: action`, actions, action),
  };
}

function named<Value>(where: string, values: Readonly<Record<string, Value>>, name: unknown): Value {
  const value = typeof name === "string" && Object.hasOwn(values, name) ? values[name] : undefined;
  return value ?? fail(`${where} ${String(name)} is no name of one`);
}

function fieldsOf(where: string, given: unknown, known: readonly string[]): Record<string, unknown> {
  if (!isFields(given)) return fail(`${where}: not an object`);
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  return unknown === undefined ? given : fail(`${where}: ${unknown} is not supported`);
}

function isFields(given: unknown): given is Record<string, unknown> {
  return typeof given === "object" && given !== null && !Array.isArray(given);
}

function fail(what: string): never {
  throw new TypeError(`transition table: ${what}`);
}
