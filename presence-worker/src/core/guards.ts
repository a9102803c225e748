import { idlenessOf, idleTimeOf } from "./activity.ts";
import { type ActorContext, type ActorEvent, actorTime, isPast, type Rules } from "./actor.ts";
import { applyProfile } from "./apply-profile.ts";
import { isGoodbye } from "./causes.ts";
import { connectionsAfter, isClosedBefore, isOpen, isPresent } from "./connections.ts";
import { nextEnd } from "./record.ts";
import { isReturn } from "./returning.ts";
import { isConnected, losesLastSession, nextSessionEnd, sessionsAfter } from "./sessions.ts";

interface Args {
  context: ActorContext;
  event: ActorEvent;
}

/** The conditions that decide a user's status (ARCHITECTURE "The lifecycle"). */
export function createGuards(rules: Rules) {
  const remaining = ({ context: { record }, event }: Args) =>
    connectionsAfter(record.connections, event, rules);

  const sessions = ({ context: { record }, event }: Args) => sessionsAfter(record, event);
  const isConnectedAfter = (args: Args) => isConnected(remaining(args), sessions(args));
  const losesSome = (args: Args) => remaining(args) !== args.context.record.connections;
  const losesLast = (args: Args) => {
    const { record } = args.context;
    return isConnected(record.connections, record.sessions ?? []) && !isConnectedAfter(args);
  };
  const isDue = ({ context: { record }, event }: Args) => isPast(record.deadline, actorTime(record, event));

  const isOld = (event: ActorEvent) => idleTimeOf(event) >= rules.offlineThresholdMs;

  /** Connections that have been silent for longer were given it already. */
  const isGraceOver = ({ event }: Args) =>
    rules.graceMs <= (event.type === "gateway-lost" ? (event.silentMs ?? 0) : 0);

  return {
    /** Over a passive connection an activity makes it count from now on. */
    isConnected: isConnectedAfter,
    isKnownConnection: ({ context, event }: Args) =>
      event.type === "connected" && isOpen(context.record.connections, event.connectionId),
    /** An administrator's order came after it, which its gateway has not carried out yet. */
    isClosedConnection: ({ context, event }: Args) => isClosedBefore(context.record, event),
    /** It is no sign of life, and takes no other's place. */
    isPassiveConnection: ({ event }: Args) => event.type === "connected" && event.passive === true,
    /** One device at a time, and another has taken this one's place while its gateway was out of touch. */
    isOutdatedConnection: (args: Args) =>
      rules.multiDevice === "replace" &&
      args.event.type === "connected" &&
      args.event.again === true &&
      args.context.record.connections.some(isPresent),
    /** A socket announced again after a long silence, or opened by its client alone, proves no activity. */
    isIdleConnection: ({ context: { record }, event }: Args) =>
      (isOld(event) || isReturn(record, event)) &&
      idlenessOf(applyProfile(record, event), event, rules) >= rules.offlineThresholdMs,
    /** It was written so late that the person may be idle by now. */
    isOldActivity: ({ event }: Args) => isOld(event),
    losesSome,
    losesLast,
    losesLastForGood: (args: Args) => (isGraceOver(args) || isGoodbye(args.event)) && losesLast(args),
    /** A new one is a sign of life, and one that keeps its user online needs none. */
    opensSession: ({ context: { record }, event }: Args) => {
      if (event.type !== "session" || event.ttlS === 0) return false;
      const isKnown = record.sessions?.some(({ id }) => id === event.sessionId) ?? false;
      return !isKnown || (event.keepOnline && record.state !== "online");
    },
    endsLastSession: (args: Args) => args.event.type === "session" && losesLast(args),
    losesLastSession: ({ context: { record }, event }: Args) => losesLastSession(record, event),
    isDue,
    isDueForGood: (args: Args) => rules.graceMs === 0 && isDue(args),
    hasExpired: ({ context: { record }, event }: Args) =>
      isPast(nextEnd(record), event.date) ||
      isPast(record.closedUpTo?.until ?? null, actorTime(record, event)) ||
      isPast(nextSessionEnd(record), actorTime(record, event)) ||
      isPast(record.returning?.until ?? null, actorTime(record, event)),
    wasNeverShown: ({ context }: Args) => context.record.shown === null,
  };
}
