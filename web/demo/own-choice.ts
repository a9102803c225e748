import type { AvailabilityWish } from "../presence/presence.ts";
import type { Availability, Choices } from "../presence/wire.ts";
import type { Lasting } from "./texts.ts";

/** What a person has chosen to be shown as: the strongest of their own layers (CONTRACT 5). */
export interface OwnChoice {
  availability: Availability;
  statusText: string | null;
  /** ISO 8601; null: it does not end by itself */
  expiresAt: string | null;
}

const PLAIN: OwnChoice = { availability: "available", statusText: null, expiresAt: null };

export function strongestChoice(choices: Choices | undefined): OwnChoice {
  if (choices === undefined) return PLAIN;
  const standing = { ...choices.standing, expiresAt: null };
  if (standing.availability === "invisible") return standing;
  return choices.timed ?? standing;
}

/** `end`: take the timed choice back. */
export type ChoiceStep = { set: AvailabilityWish } | "end";

/**
 * What to ask of the server, in this order, so that the person is shown as they wish: a choice with an end covers the
 * standing one, but an invisible one of either kind wins. In between nothing shows that the person does not wish.
 */
export function planChoice(choices: Choices | undefined, wish: OwnChoice): ChoiceStep[] {
  const { availability, statusText, expiresAt } = wish;
  const isHidden = choices?.standing.availability === "invisible";
  if (expiresAt !== null) {
    const timed: ChoiceStep = { set: { availability, statusText, expiresAt } };
    return isHidden ? [timed, { set: { availability: "available", statusText: null } }] : [timed];
  }
  const standing: ChoiceStep = { set: { availability, statusText } };
  if (!choices?.timed) return [standing];
  return isHidden ? ["end", standing] : [standing, "end"];
}

/** All that is chosen once the steps of {@link planChoice} have been taken. */
export function afterChoice(choices: Choices | undefined, wish: OwnChoice): Choices {
  const { availability, statusText, expiresAt } = wish;
  const services = choices?.services ?? [];
  if (expiresAt === null) return { standing: { availability, statusText }, timed: null, services };
  const standing = choices?.standing ?? PLAIN;
  const stays = standing.availability !== "invisible";
  return {
    standing: stays ? standing : { availability: "available", statusText: null },
    timed: { availability, statusText, expiresAt },
    services,
  };
}

const MINUTE_MS = 60_000;
const EVENING_HOUR = 18;

/** When a status that is chosen at `now`, ms since 1970, ends; null: it does not. */
export function endOf(lasting: Lasting, now: number): string | null {
  switch (lasting) {
    case "half-hour":
      return new Date(now + 30 * MINUTE_MS).toISOString();
    case "hour":
      return new Date(now + 60 * MINUTE_MS).toISOString();
    case "evening": {
      const evening = new Date(now);
      evening.setHours(EVENING_HOUR, 0, 0, 0);
      // In the evening it is the end of the day.
      if (evening.getTime() - now < 30 * MINUTE_MS) evening.setHours(24, 0, 0, 0);
      return evening.toISOString();
    }
    case "always":
      return null;
  }
}
