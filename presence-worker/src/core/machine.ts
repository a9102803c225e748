import { assign, setup } from "xstate";
import { createActions } from "./actions.ts";
import type { ActorContext, ActorEvent, Rules } from "./actor.ts";
import { createGuards } from "./guards.ts";
import { emptyRecord } from "./record.ts";

/**
 * One user's presence lifecycle (DESIGN "The lifecycle"). `online`: a connection, and a sign of life
 * within the threshold. `zombie`: shown online, without proof. `offline`. A context is `{ record, effects }`;
 * `record.state` is the state value. An event that no guard lets through changes nothing.
 */
export function createPresenceMachine(rules: Rules) {
  const actions = createActions(rules);

  return setup({
    types: {
      context: {} as ActorContext,
      events: {} as ActorEvent,
      input: {} as { userId: string },
    },
    guards: createGuards(rules),
    actions: {
      goOnline: assign(actions.goOnline),
      goZombie: assign(actions.goZombie),
      goOffline: assign(actions.goOffline),
      hasten: assign(actions.hasten),
      addConnection: assign(actions.addConnection),
      changeConnections: assign(actions.changeConnections),
      noteActivity: assign(actions.noteActivity),
      expireAvailability: assign(actions.expireAvailability),
      setAvailability: assign(actions.setAvailability),
      readDirectory: assign(actions.readDirectory),
      erase: assign(actions.erase),
      dispelGhost: assign(actions.dispelGhost),
      turnAway: assign(actions.turnAway),
      persistAgain: assign(actions.persistAgain),
    },
  }).createMachine({
    id: "presence",
    context: ({ input }) => ({ record: emptyRecord(input.userId), effects: [] }),
    initial: "offline",
    on: {
      availability: { actions: "setAvailability" },
      directory: { actions: "readDirectory" },
      deleted: { target: ".offline", actions: "erase" },
    },
    states: {
      online: {
        on: {
          connected: [knownConnection, outdatedConnection, idleConnection, { actions: "goOnline" }],
          activity: [{ guard: "isConnected", actions: "goOnline" }, loneActivity],
          disconnected: lossWhenOnline,
          "gateway-lost": lossWhenOnline,
          "disconnect-all": { target: "offline", actions: "goOffline" },
          timeout: timeWhenOnline,
          look: timeWhenOnline,
        },
      },
      zombie: {
        on: {
          connected: [
            knownConnection,
            outdatedConnection,
            idleConnection,
            { target: "online", actions: "goOnline" },
          ],
          activity: [{ guard: "isConnected", target: "online", actions: "goOnline" }, loneActivity],
          disconnected: lossWhenZombie,
          "gateway-lost": lossWhenZombie,
          "disconnect-all": { target: "offline", actions: "goOffline" },
          timeout: timeWhenZombie,
          look: timeWhenZombie,
        },
      },
      offline: {
        on: {
          connected: [
            knownConnection,
            outdatedConnection,
            idleConnection,
            { target: "online", actions: "goOnline" },
          ],
          activity: [{ guard: "isConnected", target: "online", actions: "goOnline" }, loneActivity],
          disconnected: { guard: "losesSome", actions: "changeConnections" },
          "gateway-lost": { guard: "losesSome", actions: "changeConnections" },
          "disconnect-all": { guard: "losesSome", actions: "changeConnections" },
          timeout: availabilityOver,
          look: [{ guard: "wasNeverShown", actions: "dispelGhost" }, { actions: "persistAgain" }],
        },
      },
    },
  });
}

const knownConnection = { guard: "isKnownConnection", actions: "changeConnections" } as const;
const outdatedConnection = { guard: "isOutdatedConnection", actions: "turnAway" } as const;
const idleConnection = { guard: "isIdleConnection", actions: "addConnection" } as const;
const loneActivity = { actions: "noteActivity" } as const;
const availabilityOver = { guard: "isAvailabilityOver", actions: "expireAvailability" } as const;

const lossWhenOnline = [
  { guard: "losesLastForGood", target: "offline", actions: "goOffline" },
  { guard: "losesLast", target: "zombie", actions: "goZombie" },
  { guard: "losesSome", actions: "changeConnections" },
] as const;
const lossWhenZombie = [
  { guard: "losesLastForGood", target: "offline", actions: "goOffline" },
  { guard: "losesLast", actions: "hasten" },
  { guard: "losesSome", actions: "changeConnections" },
] as const;
const timeWhenOnline = [
  { guard: "isDueForGood", target: "offline", actions: "goOffline" },
  { guard: "isDue", target: "zombie", actions: "goZombie" },
  availabilityOver,
] as const;
const timeWhenZombie = [
  { guard: "isDue", target: "offline", actions: "goOffline" },
  availabilityOver,
] as const;
