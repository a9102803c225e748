import { assign, setup } from "xstate";
import { createActions } from "./actions.ts";
import type { ActorContext, ActorEvent, Rules } from "./actor.ts";
import { createGuards } from "./guards.ts";
import { emptyRecord } from "./record.ts";

/**
 * One user's presence lifecycle (ARCHITECTURE "The lifecycle"). `online`: a connection, and a sign of life
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
      shortenGrace: assign(actions.shortenGrace),
      addConnection: assign(actions.addConnection),
      changeConnections: assign(actions.changeConnections),
      changeSessions: assign(actions.changeSessions),
      noteActivity: assign(actions.noteActivity),
      expire: assign(actions.expire),
      setAvailability: assign(actions.setAvailability),
      readDirectory: assign(actions.readDirectory),
      erase: assign(actions.erase),
      correctStaleOnline: assign(actions.correctStaleOnline),
      rejectConnection: assign(actions.rejectConnection),
      closeAll: assign(actions.closeAll),
      closeAgain: assign(actions.closeAgain),
      persistAgain: assign(actions.persistAgain),
    },
  }).createMachine({
    id: "presence",
    context: ({ input }) => ({ record: emptyRecord(input.userId), effects: [] }),
    initial: "offline",
    on: {
      availability: { actions: "setAvailability" },
      "timed-end": { actions: "setAvailability" },
      claim: { actions: "setAvailability" },
      directory: { actions: "readDirectory" },
      deleted: { target: ".offline", actions: "erase" },
    },
    states: {
      online: {
        on: {
          connected: [...unusualConnections, { actions: "goOnline" }],
          activity: [oldActivity, { guard: "isConnected", actions: "goOnline" }, loneActivity],
          session: [
            { guard: "opensSession", actions: "goOnline" },
            { guard: "endsLastSession", target: "offline", actions: "goOffline" },
            changedSession,
          ],
          disconnected: lossWhenOnline,
          "gateway-lost": lossWhenOnline,
          "disconnect-all": { target: "offline", actions: "closeAll" },
          timeout: timeWhenOnline,
          look: timeWhenOnline,
        },
      },
      zombie: {
        on: {
          connected: [...unusualConnections, { target: "online", actions: "goOnline" }],
          activity: [
            oldActivity,
            { guard: "isConnected", target: "online", actions: "goOnline" },
            loneActivity,
          ],
          session: [
            openedSession,
            { guard: "endsLastSession", target: "offline", actions: "goOffline" },
            changedSession,
          ],
          disconnected: lossWhenZombie,
          "gateway-lost": lossWhenZombie,
          "disconnect-all": { target: "offline", actions: "closeAll" },
          timeout: timeWhenZombie,
          look: timeWhenZombie,
        },
      },
      offline: {
        on: {
          connected: [...unusualConnections, { target: "online", actions: "goOnline" }],
          activity: [
            oldActivity,
            { guard: "isConnected", target: "online", actions: "goOnline" },
            loneActivity,
          ],
          session: [openedSession, changedSession],
          disconnected: { guard: "losesSome", actions: "changeConnections" },
          "gateway-lost": { guard: "losesSome", actions: "changeConnections" },
          "disconnect-all": { actions: "closeAll" },
          timeout: expiry,
          look: [{ guard: "wasNeverShown", actions: "correctStaleOnline" }, { actions: "persistAgain" }],
        },
      },
    },
  });
}

const unusualConnections = [
  { guard: "isKnownConnection", actions: "changeConnections" },
  { guard: "isClosedConnection", actions: "closeAgain" },
  { guard: "isPassiveConnection", actions: "addConnection" },
  { guard: "isOutdatedConnection", actions: "rejectConnection" },
  { guard: "isIdleConnection", actions: "addConnection" },
] as const;
const oldActivity = { guard: "isOldActivity", actions: "noteActivity" } as const;
const loneActivity = { actions: "noteActivity" } as const;
const openedSession = { guard: "opensSession", target: "online", actions: "goOnline" } as const;
const changedSession = { actions: "changeSessions" } as const;
const expiry = { guard: "hasExpired", actions: "expire" } as const;

const lossWhenOnline = [
  { guard: "losesLastForGood", target: "offline", actions: "goOffline" },
  { guard: "losesLast", target: "zombie", actions: "goZombie" },
  { guard: "losesSome", actions: "changeConnections" },
] as const;
const lossWhenZombie = [
  { guard: "losesLastForGood", target: "offline", actions: "goOffline" },
  { guard: "losesLast", actions: "shortenGrace" },
  { guard: "losesSome", actions: "changeConnections" },
] as const;
const timeWhenOnline = [
  { guard: "losesLastSession", target: "offline", actions: "goOffline" },
  { guard: "isDueForGood", target: "offline", actions: "goOffline" },
  { guard: "isDue", target: "zombie", actions: "goZombie" },
  expiry,
] as const;
const timeWhenZombie = [{ guard: "isDue", target: "offline", actions: "goOffline" }, expiry] as const;
