import type { UserEvent } from "@meeshy/shared/events";

/**
 * What an event that still waits for the log, without a number, is made needless by (DESIGN "gateway"): of a
 * connection only its last state counts, and nothing of one that came and went; of a person only the last activity.
 */
export function placeOf(userId: string, event: UserEvent): { key: string; annuls?: string } | undefined {
  switch (event.type) {
    case "connected":
      return { key: `connected ${event.connectionId}` };
    case "disconnected":
      return { key: `disconnected ${event.connectionId}`, annuls: `connected ${event.connectionId}` };
    case "activity":
      return { key: `activity ${userId}` };
    default:
      return undefined;
  }
}
