import { z } from "zod";
import {
  CAUSES,
  inKnownValues,
  PUBLIC_AVAILABILITIES,
  type StatusMessage,
  type UserStatus,
} from "./status.ts";

/** Schemas of the shapes in `status.ts` (CONTRACT 4 and 7). */

const isoTime = z.iso.datetime();

export const userStatusSchema = z.object({
  userId: z.string(),
  username: z.string().nullable(),
  displayName: z.string().nullable(),
  isAnonymous: z.boolean(),
  isOnline: z.boolean(),
  availability: z.enum(PUBLIC_AVAILABILITIES),
  statusText: z.string().nullable(),
  statusExpiresAt: isoTime.nullable(),
  lastActiveAt: isoTime.nullable(),
  lastSeen: isoTime.nullable(),
  epoch: z.int().nonnegative(),
  version: z.int().nonnegative(),
  cause: z.enum(CAUSES),
  at: isoTime.nullable(),
}) satisfies z.ZodType<UserStatus>;

export const statusMessageSchema = userStatusSchema.extend({
  /** version of this format: see `VERSIONS` */
  v: z.int().nonnegative().optional(),
  conversationIds: z.array(z.string()),
  directoryVersion: z.int().nonnegative(),
}) satisfies z.ZodType<StatusMessage>;

/** A status as any release may have written it. */
export const readableStatusSchema = z.preprocess(inKnownValues, statusMessageSchema);
