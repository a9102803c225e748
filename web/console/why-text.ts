import type { Availability } from "@meeshy/shared/status";
import { countText, durationText, timeText } from "./format.ts";
import type { Explanation } from "./wire.ts";

/** Why a transition happened, as the end of a sentence. */
const CAUSES: Record<string, string> = {
  connect: "a device connected",
  disconnect: "the last connection was closed in good order",
  "connection-lost": "the last connection was lost without a goodbye",
  idle: "nothing was heard for the threshold of activity",
  "gateway-lost": "the gateway of the last connection was lost",
  activity: "the person did something",
  admin: "an administrator disconnected the person",
  manual: "the person's own choice or a service's",
};

export const causeText = (cause: string): string => CAUSES[cause] ?? cause;

/** What the others see of a person in this state. */
export const othersSee = (state: string, own: Availability): string => {
  if (own === "invisible") return "offline (invisible)";
  return state === "offline" ? "offline" : "online";
};

/** Why a person is shown as they are, and what happens next. `now`: ms since 1970. */
export function whyText(
  { state, ownAvailability, connections, deadline, transitions }: Explanation,
  now: number,
): string {
  const last = transitions[0];
  const since = last ? `, since ${timeText(last.at, now)}: ${causeText(last.cause)}` : "";
  const open =
    connections.length === 0
      ? "No connection is open."
      : `${countText(connections.length, "connection")} ${connections.length === 1 ? "is" : "are"} open.`;
  const seen =
    ownAvailability.availability === "invisible"
      ? "Others see this person offline: they have chosen to be invisible."
      : "";
  return [`${STATES[state]}${since}.`, open, nextText(state, deadline, now), seen].filter(Boolean).join(" ");
}

const STATES: Record<Explanation["state"], string> = {
  online: "Online",
  zombie: "Zombie, believed online without proof",
  offline: "Offline",
};

function nextText(state: Explanation["state"], deadline: string | null, now: number): string {
  if (deadline === null) return "";
  const left = Date.parse(deadline) - now;
  const when = left <= 0 ? "at any moment" : `in ${durationText(left)}`;
  if (state === "online") return `Without a sign of life the person becomes a zombie ${when}.`;
  if (state === "zombie") return `Unless they come back, the person becomes offline ${when}.`;
  return `The next deadline is over ${when}.`;
}
