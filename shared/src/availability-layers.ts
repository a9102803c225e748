import { z } from "zod";
import { AVAILABILITIES } from "./status.ts";

/** What was chosen for a person, by whom, in layers (CONTRACT 5), as their record holds it. Dates in ms since 1970. */

/** Longest name of a service that makes claims, characters. */
export const SOURCE_MAX = 50;

/** An availability of a later release may hide the person, and reads as invisible. */
const choice = z.object({
  availability: z.enum(AVAILABILITIES).catch("invisible"),
  statusText: z.string().nullable(),
});
const timed = choice.extend({ expiresAt: z.number() });
const claim = choice.extend({
  source: z.string().min(1).max(SOURCE_MAX),
  expiresAt: z.number().nullable(),
  /** log sequence of the claim: the newer one of two counts */
  seq: z.number(),
});

export const layersSchema = z.object({
  standing: choice,
  timed: timed.nullable(),
  services: z.array(claim).readonly(),
});

export interface Choice extends z.infer<typeof choice> {}
export interface TimedChoice extends z.infer<typeof timed> {}
export interface Claim extends z.infer<typeof claim> {}
/** The person's standing choice, the timed one (null: none), and one claim a service. */
export interface Layers {
  readonly standing: Choice;
  readonly timed: TimedChoice | null;
  readonly services: readonly Claim[];
}
