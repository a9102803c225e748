import type { Profile } from "@meeshy/shared/events";
import type { ActorEvent } from "./actor.ts";
import { layersOf, withLayers } from "./layers.ts";
import { type Person, STORED, type UserRecord } from "./record.ts";

/**
 * The record with the event's profile: name, conversations and, if nothing was known of the user,
 * the stored status, now or when it becomes known. The same record when the event brings no news. Who a known user is changes by a
 * `directory` event, or by a connection whose gateway had seen the last one: other profiles may be older.
 */
export function applyProfile(record: UserRecord, event: ActorEvent): UserRecord {
  if (!("profile" in event)) return record;
  const { profile } = event;
  if (record.person !== null || record.shown !== null) {
    const isNews = isCurrent(record, event) && !isPerson(record.person, profile);
    return learnStored(isNews ? { ...record, person: toPerson(profile) } : record, event);
  }
  const known: UserRecord = {
    ...record,
    person: toPerson(profile),
    lastActiveAt: lastActivity(record, profile, event.date),
    lastSeen: profile.lastSeen && Math.min(profile.lastSeen, event.date),
    ...storedChoice(profile),
    stored: profile.stored ?? "known",
  };
  return withFormerClaims(known, record);
}

/** The record with the stored status, where that was not known and the event's profile carries it; else the same record. */
export function learnStored(record: UserRecord, event: ActorEvent): UserRecord {
  if (record.stored === "known" || !("profile" in event)) return record;
  const { profile } = event;
  const stored = profile.stored ?? "known";
  if (STORED.indexOf(stored) >= STORED.indexOf(record.stored)) return record;
  const lastSeen = profile.lastSeen && Math.min(profile.lastSeen, event.date);
  const known: UserRecord = {
    ...record,
    ...storedChoice(profile),
    stored,
    lastActiveAt: lastActivity(record, profile, event.date),
    // Of an invisible user, nothing that happened meanwhile may be seen.
    lastSeen: profile.availability === "invisible" ? lastSeen : later(record.lastSeen, lastSeen),
  };
  return withFormerClaims(known, record);
}

const storedChoice = ({ availability, statusText, availabilityExpiresAt }: Profile) => ({
  availability,
  statusText,
  availabilityExpiresAt,
});

/** The record with the person's own choice as it is stored; what services said of them before stays. */
function withFormerClaims(known: UserRecord, { layers }: UserRecord): UserRecord {
  if (layers === undefined) return known;
  const own = { ...known, layers: undefined };
  return withLayers(own, { ...layersOf(own), services: layers.services });
}

const later = (a: number | null, b: number | null): number | null =>
  a === null || (b !== null && b > a) ? b : a;

/** A stored date ahead of the log's is cut back: it was written by a wrong clock. */
function lastActivity(record: UserRecord, profile: Profile, date: number): number | null {
  if (profile.lastActiveAt === null) return record.lastActiveAt;
  return Math.max(record.lastActiveAt ?? Number.NEGATIVE_INFINITY, Math.min(profile.lastActiveAt, date));
}

function isCurrent({ person, directoryVersion }: UserRecord, event: ActorEvent): boolean {
  if (person === null || event.type === "directory") return true;
  return event.type === "connected" && (event.directoryVersion ?? 0) >= directoryVersion;
}

function toPerson({ username, displayName = null, isAnonymous, conversationIds }: Profile): Person {
  return { username, displayName, isAnonymous, conversationIds };
}

function isPerson(person: Person | null, profile: Profile): boolean {
  return (
    person !== null &&
    person.username === profile.username &&
    (person.displayName ?? null) === (profile.displayName ?? null) &&
    person.isAnonymous === profile.isAnonymous &&
    person.conversationIds.length === profile.conversationIds.length &&
    person.conversationIds.every((id, index) => id === profile.conversationIds[index])
  );
}
