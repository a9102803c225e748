import { PresenceError } from "@meeshy/shared/codes";
import type { Bus } from "@meeshy/shared/ports/bus";
import { AVAILABILITIES, type Availability, STATUS_TEXT_MAX } from "@meeshy/shared/status";
import { MAX_ID_LENGTH } from "@meeshy/shared/subjects";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { WriteOrder } from "../log/orders.ts";
import type { ReadPerson } from "./person-reader.ts";
import { readRecord } from "./worker-record.ts";

/** What a person wishes to be shown as (CONTRACT 5); what is left out is taken back. `expiresAt` is ISO. */
export const availabilityWishSchema = z.object({
  availability: z.enum(AVAILABILITIES),
  statusText: z.string().max(STATUS_TEXT_MAX).nullish(),
  expiresAt: z.iso.datetime().nullish(),
});
export type AvailabilityWish = z.infer<typeof availabilityWishSchema>;

/**
 * Writes a person's wish into the log. Rejects with `bad_request` (already over), `not_found` (nobody),
 * `forbidden` (anonymous participants choose none) or `unavailable`.
 */
export type SetAvailability = (userId: string, wish: AvailabilityWish) => Promise<void>;

/** A person's own choice, `invisible` included: for nobody else. */
export interface ChosenAvailability {
  availability: Availability;
  statusText: string | null;
  expiresAt: string | null;
}

export interface AvailabilityDeps {
  bus: Bus;
  order: WriteOrder;
  readPerson: ReadPerson;
  directory: CachedDirectory;
}

/** By then the record, or the database, tells what was wished here. */
const REMEMBERED_MS = 10_000;
const MAX_REMEMBERED = 10_000;

export function createAvailability({ bus, order, readPerson, directory }: AvailabilityDeps): {
  set: SetAvailability;
  /** What the person has chosen: as wished on this gateway just now, as the worker has it, or as it is stored. */
  chosen(userId: string): Promise<ChosenAvailability>;
} {
  const wishes = new LRUCache<string, ChosenAvailability & { seq: number }>({
    max: MAX_REMEMBERED,
    ttl: REMEMBERED_MS,
  });

  return {
    async set(userId, wish) {
      const { availability, statusText = null, expiresAt = null } = wish;
      if (expiresAt !== null && !(Date.parse(expiresAt) > Date.now()))
        throw new PresenceError("bad_request", "The end lies in the past.");
      const profile = userId.length <= MAX_ID_LENGTH ? await readPerson(userId) : undefined;
      if (!profile) throw new PresenceError("not_found", "There is no such person.");
      if (profile.isAnonymous)
        throw new PresenceError("forbidden", "Anonymous participants choose no availability.");
      const expires = expiresAt === null ? null : Date.parse(expiresAt);
      const seq = await order(userId, {
        type: "availability",
        availability,
        statusText,
        expiresAt: expires,
        profile,
      });
      wishes.set(userId, { availability, statusText, expiresAt: toIso(expires), seq });
    },

    async chosen(userId) {
      const record = await readRecord(bus, userId);
      const wish = wishes.get(userId);
      const isAhead = wish && (record === undefined || record.seq < wish.seq);
      if (isAhead) {
        const { seq: _, ...chosen } = wish;
        return chosen;
      }
      const known = record ?? (await directory.presences.get(userId));
      return {
        availability: known?.availability ?? "available",
        statusText: known?.statusText ?? null,
        expiresAt: toIso(known?.availabilityExpiresAt ?? null),
      };
    },
  };
}

const toIso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
