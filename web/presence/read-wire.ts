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

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

/**
 * The statuses in a list; unknown values of a later server read as defaults, texts that are none as not given, and what
 * is no status is left out.
 */
export const readStatuses = (list: unknown): UserStatus[] =>
  Array.isArray(list)
    ? list
        .map(inKnownValues)
        .filter(isStatus)
        .map((status) => ({
          ...status,
          username: text(status.username),
          displayName: text(status.displayName),
          statusText: text(status.statusText),
        }))
    : [];

/** Who is signed in; undefined: it is not said. */
export const readIdentity = (user: unknown): Self | undefined =>
  isRecord(user) && typeof user.id === "string"
    ? { ...(user as unknown as Self), username: text(user.username) }
    : undefined;

export const isTime = (value: unknown): value is string => !Number.isNaN(Date.parse(String(value)));

/** What is said of the person themselves; undefined: it names no status. */
export function readSelf(payload: unknown): Partial<PresenceSelf> | undefined {
  if (!isRecord(payload)) return undefined;
  const { choices, connections } = payload;
  const [user] = readStatuses([payload.user]);
  return (
    user && {
      user,
      ...(isRecord(choices) && isRecord(choices.standing) && { choices: choices as unknown as Choices }),
      ...(Array.isArray(connections) && {
        connections: connections.filter((one): one is OwnConnection => isRecord(one) && isTime(one.since)),
      }),
    }
  );
}

const isOccupancy = (value: unknown): value is Occupancy =>
  isRecord(value) &&
  typeof value.conversationId === "string" &&
  typeof value.online === "number" &&
  typeof value.total === "number";

/** The counts in a list; what is none is left out. */
export const readOccupancy = (list: unknown): Occupancy[] =>
  Array.isArray(list) ? list.filter(isOccupancy) : [];
