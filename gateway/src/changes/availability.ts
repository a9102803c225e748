import type { Layers } from "@meeshy/shared/availability-layers";
import { createBoundedCache } from "@meeshy/shared/bounded-cache";
import { PresenceError } from "@meeshy/shared/codes";
import type { Profile, UserEvent } from "@meeshy/shared/events";
import { toIso } from "@meeshy/shared/iso-time";
import {
  layersOfChoice,
  SOURCES_MAX,
  strongestOf,
  strongestOwn,
  withChoice,
  withClaim,
  withoutEnded,
} from "@meeshy/shared/layer-precedence";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { AvailabilityWish, ClaimWish } from "@meeshy/shared/service-requests";
import { choicesSchema } from "@meeshy/shared/socket-events";
import { AVAILABILITIES, type Availability } from "@meeshy/shared/status";
import { MAX_ID_LENGTH } from "@meeshy/shared/subjects";
import { z } from "zod";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { PublishUnnumbered } from "../log/unnumbered-publisher.ts";
import { readRecord } from "../status/worker-record.ts";

/** What was chosen for people, in layers (CONTRACT 5): written into the log, and read back. */
export interface AvailabilityChoices {
  /**
   * The person's own choice: without an end the standing one, else the timed one. Rejects with `bad_request` (already
   * over), `not_found` (no such person), `forbidden` (anonymous participants choose none) or `unavailable`.
   */
  set(userId: string, wish: AvailabilityWish, traceparent?: string): Promise<void>;
  /** The person's timed choice ends. Rejects as {@link AvailabilityChoices.set} does. */
  endTimed(userId: string, traceparent?: string): Promise<void>;
  /** What a service says of the person. Rejects as {@link AvailabilityChoices.set} does. */
  claim(userId: string, source: string, wish: ClaimWish, traceparent?: string): Promise<void>;
  /** What was chosen: as wished on this gateway just now, as the worker has it, or as it is stored. */
  chosen(userId: string): Promise<LayeredAvailability>;
}

const choiceShape = {
  availability: z.enum(AVAILABILITIES),
  statusText: z.string().nullable(),
  expiresAt: z.iso.datetime().nullable(),
};

/** The person's own strongest choice, `invisible` included: sent to the person alone. */
export const ownAvailabilitySchema = z.object(choiceShape);

/** All that was chosen. `shown` is the strongest, which others see; null: they see the person offline. */
export const layeredAvailabilitySchema = ownAvailabilitySchema.extend({
  choices: choicesSchema,
  shown: z.object(choiceShape).nullable(),
});
type LayeredAvailability = z.infer<typeof layeredAvailabilitySchema>;

export interface AvailabilityDeps {
  bus: Bus;
  publishUnnumbered: PublishUnnumbered;
  directory: CachedDirectory;
  /** the log's clock, ms since 1970; `undefined`: not known yet */
  logTime: () => number | undefined;
}

/** By then the record, or the database, holds what was wished here. */
const REMEMBERED_MS = 10_000;
const MAX_REMEMBERED = 10_000;
/** Wishes of one person that are remembered, but for the last. */
const MAX_AHEAD = 31;

const NO_END = { expiresAt: null };

interface Wish {
  seq: number;
  change: (layers: Layers) => Layers;
}

export function createAvailability(deps: AvailabilityDeps): AvailabilityChoices {
  const { bus, publishUnnumbered, directory } = deps;
  const wishes = createBoundedCache<Wish[]>({ max: MAX_REMEMBERED, ttl: REMEMBERED_MS });

  const logTime = (): number => {
    const now = deps.logTime();
    if (now === undefined) throw new PresenceError("unavailable", "The log's time is not known yet.");
    return now;
  };

  const readProfile = async (userId: string): Promise<Profile> => {
    const profile = userId.length <= MAX_ID_LENGTH ? await directory.readProfile(userId) : undefined;
    if (!profile) throw new PresenceError("not_found", "There is no such person.");
    if (profile.isAnonymous)
      throw new PresenceError("forbidden", "Anonymous participants choose no availability.");
    return profile;
  };

  const write = async (
    userId: string,
    event: UserEvent,
    traceparent: string | undefined,
    change: (layers: Layers, seq: number) => Layers,
  ) => {
    const seq = await publishUnnumbered(userId, event, traceparent);
    const recent = wishes.get(userId) ?? [];
    wishes.set(userId, [...recent.slice(-MAX_AHEAD), { seq, change: (layers) => change(layers, seq) }]);
  };

  /** Ends are judged and counted by the log's clock: this process's own may be wrong. */
  const endOf = ({
    expiresAt,
    expiresInMs: lastsMs,
  }: Pick<AvailabilityWish, "expiresAt" | "expiresInMs">) => {
    if (typeof lastsMs === "number") return { expiresAt: Math.floor(logTime() + lastsMs), lastsMs };
    if (typeof expiresAt !== "string") return NO_END;
    const end = Date.parse(expiresAt);
    if (!(end > logTime())) throw new PresenceError("bad_request", "expiresAt must be in the future.");
    return { expiresAt: end };
  };

  const layersOf = async (userId: string): Promise<Layers> => {
    const record = await readRecord(bus, userId);
    const known = record ?? (await directory.presences.get(userId));
    const stored =
      record?.layers ??
      layersOfChoice({
        availability: known?.availability ?? "available",
        statusText: known?.statusText ?? null,
        expiresAt: known?.availabilityExpiresAt ?? null,
      });
    const ahead = (wishes.get(userId) ?? []).filter(({ seq }) => record === undefined || record.seq < seq);
    const layers = ahead.reduce((before, { change }) => change(before), stored);
    return withoutEnded(layers, deps.logTime() ?? Number.NEGATIVE_INFINITY);
  };

  return {
    async set(userId, wish, traceparent) {
      const { availability, statusText = null } = wish;
      const end = endOf(wish);
      const profile = await readProfile(userId);
      const event = { type: "availability" as const, availability, statusText, ...end, profile };
      await write(userId, event, traceparent, (layers) =>
        withChoice(layers, { availability, statusText }, end.expiresAt),
      );
    },

    async endTimed(userId, traceparent) {
      const profile = await readProfile(userId);
      await write(userId, { type: "timed-end", profile }, traceparent, (layers) => ({
        ...layers,
        timed: null,
      }));
    },

    async claim(userId, source, wish, traceparent) {
      const { availability, statusText = null } = wish;
      const end = availability === null ? NO_END : endOf(wish);
      const profile = await readProfile(userId);
      const { services } = await layersOf(userId);
      const isNew = availability !== null && services.every((claim) => claim.source !== source);
      if (isNew && services.length >= SOURCES_MAX)
        throw new PresenceError(
          "bad_request",
          `At most ${SOURCES_MAX} services may say something of a person.`,
        );
      await write(
        userId,
        { type: "claim", source, availability, statusText, ...end, profile },
        traceparent,
        (layers, seq) =>
          withClaim(
            layers,
            source,
            availability === null
              ? null
              : { source, availability, statusText, expiresAt: end.expiresAt, seq },
          ),
      );
    },

    chosen: async (userId) => toLayered(await layersOf(userId)),
  };
}

/** The layers as their person reads them. */
function toLayered(layers: Layers): LayeredAvailability {
  const own = toWire({ expiresAt: null, ...strongestOwn(layers) });
  const strongest = strongestOf(layers);
  return {
    ...own,
    choices: toChoices(layers),
    shown: strongest.availability === "invisible" ? null : toWire(strongest),
  };
}

export const toChoices = ({ standing, timed, services }: Layers): z.infer<typeof choicesSchema> => ({
  standing: { availability: standing.availability, statusText: standing.statusText },
  timed: timed && toWire(timed),
  services: services.map((claim) => ({ source: claim.source, ...toWire(claim) })),
});

interface Chosen {
  availability: Availability;
  statusText: string | null;
  expiresAt: number | null;
}

const toWire = ({ availability, statusText, expiresAt }: Chosen) => ({
  availability,
  statusText,
  expiresAt: toIso(expiresAt),
});
