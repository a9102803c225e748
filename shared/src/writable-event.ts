import {
  EARLIEST_MS,
  LATEST_MS,
  type Profile,
  type UserEvent,
  userEventSchema,
  withKnownAvailability,
} from "./events.ts";
import { STATUS_TEXT_MAX } from "./status.ts";
import { MAX_ID_LENGTH } from "./subjects.ts";

/** Longest name that is published of a person, characters; longer ones are cut. */
export const USERNAME_MAX = 500;
/** Room for the conversations of one profile: an event is at most 256 kB, of which these may take three quarters. */
const CONVERSATION_BYTES = 192 * 1024;
const utf8 = new TextEncoder();

/**
 * The event as it may be written into the log: by the schema by which workers read it. What a directory returns for a
 * person is not under our control and cut down field by field, so that no person loses their status by it: names
 * and texts to their lengths, conversations to those that fit, dates that are none to null.
 * @throws {ZodError} the event is wrong in anything else
 */
export function toWritable(event: UserEvent): UserEvent {
  return userEventSchema.parse(
    "profile" in event ? { ...event, profile: toWritableProfile(event.profile) } : event,
  );
}

function toWritableProfile(given: Profile): Profile {
  const profile = withKnownAvailability(given);
  return {
    username: cut(profile.username, USERNAME_MAX),
    ...(profile.displayName === undefined ? {} : { displayName: cut(profile.displayName, USERNAME_MAX) }),
    isAnonymous: profile.isAnonymous,
    conversationIds: idsThatFit(profile.conversationIds),
    availability: profile.availability,
    statusText: cut(profile.statusText, STATUS_TEXT_MAX),
    availabilityExpiresAt: toDate(profile.availabilityExpiresAt),
    lastActiveAt: toDate(profile.lastActiveAt),
    lastSeen: toDate(profile.lastSeen),
    ...(profile.stored === undefined ? {} : { stored: profile.stored }),
  };
}

/** No more than `length` characters of the text. Cutting must not leave half of a character at the end. */
export const cutText = (text: string, length: number): string => text.slice(0, length).toWellFormed();

const cut = (text: string | null, length: number): string | null =>
  text === null ? null : cutText(text, length);

function idsThatFit(ids: readonly string[]): string[] {
  let bytes = 0;
  return ids.filter((id) => {
    if (id.length === 0 || id.length > MAX_ID_LENGTH) return false;
    bytes += utf8.encode(JSON.stringify(id)).length + 1;
    return bytes <= CONVERSATION_BYTES;
  });
}

function toDate(ms: number | null): number | null {
  return ms !== null && ms >= EARLIEST_MS && ms <= LATEST_MS ? Math.floor(ms) : null;
}
