import { CAUSES, inKnownValues, PUBLIC_AVAILABILITIES, type StatusMessage } from "@meeshy/shared/status";
import type { readableStatusSchema } from "@meeshy/shared/status-schema";
import { userOfStatusSubject } from "@meeshy/shared/subjects";

const decoder = new TextDecoder();

export interface StatusRead {
  status: StatusMessage;
  /** what it was read from, in values that this release knows */
  text: string;
}

/** The status in a message of `presence.status.*` or `presence.set.*`. Throws when it is none of that subject's user. */
export function readStatusMessage(subject: string, data: Uint8Array): StatusRead {
  const text = decoder.decode(data);
  const written: unknown = JSON.parse(text);
  const status = inKnownValues(written);
  if (!isStatusMessage(status)) throw new Error("not a status");
  if (userOfStatusSubject(subject) !== status.userId)
    throw new Error("the status is not of its subject's user");
  return { status, text: status === written ? text : JSON.stringify(status) };
}

/**
 * Whether {@link readableStatusSchema} would take it, at a tenth of the cost: every gateway reads every status, which
 * workers alone may write. Times need only be times.
 */
function isStatusMessage(value: unknown): value is StatusMessage {
  if (typeof value !== "object" || value === null) return false;
  const it = value as Partial<Record<keyof StatusMessage, unknown>>;
  return (
    typeof it.userId === "string" &&
    isTextOrNull(it.username) &&
    isTextOrNull(it.displayName) &&
    typeof it.isAnonymous === "boolean" &&
    typeof it.isOnline === "boolean" &&
    isOneOf(PUBLIC_AVAILABILITIES, it.availability) &&
    isTextOrNull(it.statusText) &&
    isTimeOrNull(it.statusExpiresAt) &&
    isTimeOrNull(it.lastActiveAt) &&
    isTimeOrNull(it.lastSeen) &&
    isCount(it.epoch) &&
    isCount(it.version) &&
    isOneOf(CAUSES, it.cause) &&
    isTimeOrNull(it.at) &&
    Array.isArray(it.conversationIds) &&
    it.conversationIds.every((id) => typeof id === "string") &&
    isCount(it.directoryVersion)
  );
}

const isTextOrNull = (value: unknown) => value === null || typeof value === "string";
const isTimeOrNull = (value: unknown) =>
  value === null || (typeof value === "string" && !Number.isNaN(Date.parse(value)));
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isOneOf = (values: readonly unknown[], value: unknown) => values.includes(value);
