import { z } from "zod";
import { isAnonymousId } from "../ids.ts";
import { MAX_ID_LENGTH } from "../subjects.ts";
import { cutText, USERNAME_MAX } from "../writable-event.ts";

/**
 * What an application answers (docs/directory.md). Unknown fields are ignored, so that it may answer what it has. What
 * decides who may enter has to be right; all else is cut down, so that no person is shut out by it.
 */

const isId = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= MAX_ID_LENGTH;
const id = z.string().refine(isId, `an id of 1 to ${MAX_ID_LENGTH} characters`);
const name = z.string().transform((text) => cutText(text, USERNAME_MAX));

/** ISO 8601 in an answer, ms since 1970 here */
const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
/** What is neither yes nor no hides the person. */
const preference = z.boolean().default(true).catch(false);

export const userAnswer = z.object({
  id,
  username: name,
  displayName: name.nullish().catch(null),
  /** A role of the application's own gives no rights here. */
  role: z.enum(["USER", "ADMIN"]).default("USER").catch("USER"),
  isActive: z.boolean().default(true),
  showOnlineStatus: preference,
  showLastSeen: preference,
  sessionsRevokedAt: time.nullish(),
});

export const sessionAnswer = z.object({
  participantId: id.refine(isAnonymousId, "an id that starts with anon_"),
  username: name,
  conversationId: id,
  expiresAt: time.nullish().transform((end) => end ?? null),
});

/** The entries that can be read, in their order, and how many others there are. */
interface Entries<T> {
  entries: T[];
  leftOut: number;
}

/** @throws {ZodError} there is no list */
export function readConversations(answer: unknown): Entries<{ id: string; title: string | null }> {
  const { conversations } = z.object({ conversations: z.array(z.unknown()) }).parse(answer);
  const entries = conversations.flatMap((one) => {
    const read = conversation.safeParse(one);
    return read.success ? [{ id: read.data.id, title: read.data.title ?? null }] : [];
  });
  return { entries, leftOut: conversations.length - entries.length };
}
const conversation = z.object({ id, title: z.string().nullish().catch(null) });

/** @throws {ZodError} there is no list */
export function readMembers(answer: unknown): Entries<string> {
  return onlyIds(z.object({ userIds: z.array(z.unknown()) }).parse(answer).userIds);
}

/**
 * Who is left out is seen: those alone are whose id is so long, or so short, that it is no person's here.
 * @throws {ZodError} there is no list, or an entry in it that may be anyone
 */
export function readBlocks(answer: unknown): Entries<string> {
  return onlyIds(z.object({ userIds: z.array(z.string()) }).parse(answer).userIds);
}

function onlyIds(values: readonly unknown[]): Entries<string> {
  const entries = values.filter(isId);
  return { entries, leftOut: values.length - entries.length };
}
