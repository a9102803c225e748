import { inKnownValues } from "@meeshy/shared/status";
import type { Occupancy, UserStatus } from "./wire.ts";

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

/** The statuses in a list; unknown values of a later server read as defaults, what is no status is left out. */
export const readStatuses = (list: unknown): UserStatus[] =>
  Array.isArray(list) ? list.map(inKnownValues).filter(isStatus) : [];

const isOccupancy = (value: unknown): value is Occupancy =>
  isRecord(value) &&
  typeof value.conversationId === "string" &&
  typeof value.online === "number" &&
  typeof value.total === "number";

/** The counts in a list; what is none is left out. */
export const readOccupancy = (list: unknown): Occupancy[] =>
  Array.isArray(list) ? list.filter(isOccupancy) : [];
