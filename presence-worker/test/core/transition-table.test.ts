import { describe, expect, test } from "vitest";
import { createMachine } from "xstate";
import { createTransitionTable } from "../../src/core/transition-table.ts";

const implementations = {
  guards: { isDue: () => true },
  actions: { leave: () => "left", note: () => "noted" },
};
const { isDue } = implementations.guards;
const { leave, note } = implementations.actions;

const leaf = { on: {} };
const configOf = (changes: { root?: object; offline?: object; transition?: unknown } = {}) => ({
  initial: "offline",
  on: {},
  states: {
    online: leaf,
    zombie: leaf,
    offline: { on: { timeout: changes.transition ?? { actions: "note" } }, ...changes.offline },
  },
  ...changes.root,
});
const tableOf = (config: unknown) => createTransitionTable(config, implementations);

describe("the table of a machine's transitions", () => {
  test("has a state's own transitions in their order, then the root's", () => {
    const transition = [{ guard: "isDue", target: "online", actions: "leave" }, { actions: "note" }];
    const { config } = createMachine(
      configOf({ transition, root: { on: { timeout: { target: ".zombie", actions: "leave" } } } }),
    );
    const { offline, online } = tableOf(config);
    expect(offline.get("timeout")).toEqual([
      { guard: isDue, action: leave },
      { guard: null, action: note },
      { guard: null, action: leave },
    ]);
    expect(online.get("timeout")).toEqual([{ guard: null, action: leave }]);
    expect(online.get("look")).toBeUndefined();
  });

  test.each([
    ["a nested state", configOf({ offline: { initial: "a", states: { a: {} } } })],
    ["a transition without an event", configOf({ offline: { always: { target: "online" } } })],
    ["a delayed transition", configOf({ offline: { after: { 10: "online" } } })],
    ["an invoked actor", configOf({ offline: { invoke: { src: "loader" } } })],
    ["an entry", configOf({ offline: { entry: "note" } })],
    ["an exit", configOf({ offline: { exit: "note" } })],
    ["a final state", configOf({ offline: { type: "final" } })],
    ["parallel states", configOf({ root: { type: "parallel" } })],
    ["an actor invoked by the root", configOf({ root: { invoke: { src: "loader" } } })],
    [
      "another state",
      configOf({ root: { states: { online: leaf, offline: leaf, zombie: leaf, away: leaf } } }),
    ],
    ["a missing state", configOf({ root: { states: { online: leaf, offline: leaf } } })],
    ["a wildcard", configOf({ offline: { on: { "*": { actions: "note" } } } })],
    ["a forbidden event", configOf({ offline: { on: { timeout: undefined } } })],
    ["a transition by name of its target", configOf({ transition: "online" })],
    ["a transition without an action", configOf({ transition: { target: "online" } })],
    ["several actions", configOf({ transition: { actions: ["leave", "note"] } })],
    ["an inline action", configOf({ transition: { actions: leave } })],
    ["an inline guard", configOf({ transition: { guard: isDue, actions: "note" } })],
    ["an action with parameters", configOf({ transition: { actions: { type: "note", params: {} } } })],
    ["an unknown action", configOf({ transition: { actions: "rest" } })],
    ["an inherited name", configOf({ transition: { actions: "constructor" } })],
    ["an unknown guard", configOf({ transition: { guard: "isOver", actions: "note" } })],
    ["an unknown target", configOf({ transition: { target: "away", actions: "note" } })],
    [
      "a transition that enters its state again",
      configOf({ transition: { actions: "note", reenter: true } }),
    ],
  ])("is refused for %s", (_, config) => {
    expect(() => tableOf(config)).toThrow(/^transition table: /);
  });
});
