import { inKnownValues } from "@meeshy/shared/status";
import type { Self } from "./store.ts";
import type { Choices, Occupancy, OwnConnection, PresenceSelf, UserStatus } from "./wire.ts";

/** What a server has sent is checked for what the SDK relies on; the rest is ignored, and nothing of it is fatal. */

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

function isStatus(value: unknown): value is UserStatus {
  return (
    isRecord(value) &&
    typeof value.userId === "string" &&
    typeof value.isOnline === "boolean" &&
    typeof value.epoch === "number" &&
    typeof value.version === "number"
  );
}

const TEXTS = [
  "username",
  "displayName",
  "statusText",
  "statusExpiresAt",
  "lastActiveAt",
  "lastSeen",
  "at",
] as const;

/** A text that is none reads as not given: what shows a person may count on its kind. */
function withTexts(status: UserStatus): UserStatus {
  const { availability, cause } = status as Partial<Record<keyof UserStatus, unknown>>;
  const wrong = TEXTS.filter((name) => status[name] !== null && typeof status[name] !== "string");
  return {
    ...status,
    ...Object.fromEntries(wrong.map((name) => [name, null])),
    ...(typeof availability === "string" ? {} : { availability: "available" }),
    ...(typeof cause === "string" ? {} : { cause: "manual" }),
  };
}

/** The statuses in a list; unknown values of a later server read as defaults, what is no status is left out. */
export const readStatuses = (list: unknown): UserStatus[] =>
  Array.isArray(list) ? list.map(inKnownValues).filter(isStatus).map(withTexts) : [];

/** Who is signed in; undefined: it is not said. */
export function readIdentity(user: unknown): Self | undefined {
  if (!isRecord(user) || typeof user.id !== "string") return undefined;
  const username = typeof user.username === "string" ? user.username : null;
  return { id: user.id, username, isAnonymous: user.isAnonymous === true };
}

const isChoices = (value: unknown): value is Choices =>
  isRecord(value) &&
  isRecord(value.standing) &&
  (value.timed === null || isRecord(value.timed)) &&
  Array.isArray(value.services) &&
  value.services.every(isRecord);

const isConnection = (value: unknown): value is OwnConnection =>
  isRecord(value) && typeof value.connectionId === "string" && typeof value.since === "string";

/** What is said of the person themselves; undefined: it names no status. */
export function readSelf(payload: unknown): Partial<PresenceSelf> | undefined {
  if (!isRecord(payload)) return undefined;
  const [user] = readStatuses([payload.user]);
  if (user === undefined) return undefined;
  const { choices, connections } = payload;
  return {
    user,
    ...(isChoices(choices) ? { choices } : {}),
    ...(Array.isArray(connections) ? { connections: connections.filter(isConnection) } : {}),
  };
}

/** A time as ISO 8601; undefined: it is none. */
export const readTime = (value: unknown): string | undefined =>
  typeof value === "string" && !Number.isNaN(Date.parse(value)) ? value : undefined;

const isOccupancy = (value: unknown): value is Occupancy =>
  isRecord(value) &&
  typeof value.conversationId === "string" &&
  typeof value.online === "number" &&
  typeof value.total === "number";

/** The counts in a list; what is none is left out. */
export const readOccupancy = (list: unknown): Occupancy[] =>
  Array.isArray(list) ? list.filter(isOccupancy) : [];
