import { activityOf } from "./activity.ts";
import { type ActorContext, type ActorEvent, actorTime, isPast, type Rules } from "./actor.ts";
import { isGoodbye } from "./causes.ts";
import { connectionsAfter, isOpen } from "./connections.ts";
import { introduce } from "./introduce.ts";

interface Args {
  context: ActorContext;
  event: ActorEvent;
}

/** The questions that decide a user's status (DESIGN "The lifecycle"). */
export function createGuards(rules: Rules) {
  const remaining = ({ context: { record }, event }: Args) =>
    connectionsAfter(record.connections, event, rules);

  const isConnected = ({ context }: Args) => context.record.connections.length > 0;
  const losesSome = (args: Args) => remaining(args) !== args.context.record.connections;
  const losesLast = (args: Args) => isConnected(args) && remaining(args).length === 0;
  const isDue = ({ context: { record }, event }: Args) => isPast(record.deadline, actorTime(record, event));

  /** Connections that have been silent for longer were given it already. */
  const isGraceOver = ({ event }: Args) =>
    rules.graceMs <= (event.type === "gateway-lost" ? (event.silentMs ?? 0) : 0);

  return {
    isConnected,
    isKnownConnection: ({ context, event }: Args) =>
      event.type === "connected" && isOpen(context.record.connections, event.connectionId),
    /** One device at a time, and another has taken this one's place while its gateway was out of touch. */
    isOutdatedConnection: (args: Args) =>
      rules.multiDevice === "replace" &&
      args.event.type === "connected" &&
      args.event.again === true &&
      isConnected(args),
    /** A socket announced again after a long silence says nothing of the person, who may have been active elsewhere. */
    isIdleConnection: ({ context: { record }, event }: Args) =>
      event.type === "connected" &&
      event.idleMs >= rules.offlineThresholdMs &&
      event.date - activityOf(introduce(record, event), event) >= rules.offlineThresholdMs,
    losesSome,
    losesLast,
    losesLastForGood: (args: Args) => (isGraceOver(args) || isGoodbye(args.event)) && losesLast(args),
    isDue,
    isDueForGood: (args: Args) => rules.graceMs === 0 && isDue(args),
    isAvailabilityOver: ({ context: { record }, event }: Args) =>
      isPast(record.availabilityExpiresAt, event.date),
    wasNeverShown: ({ context }: Args) => context.record.shown === null,
  };
}
