import type { UserEvent } from "@meeshy/shared/events";

/**
 * Which events supersede one that still waits for the log, without a number (ARCHITECTURE "gateway"): of a
 * connection only its last state counts, and nothing of one that came and went; of a person only the last activity.
 */
export function coalesceKey(userId: string, event: UserEvent): { key: string; cancels?: string } | undefined {
  switch (event.type) {
    case "connected":
      return { key: `connected ${event.connectionId}` };
    case "disconnected":
      return { key: `disconnected ${event.connectionId}`, cancels: `connected ${event.connectionId}` };
    case "activity":
      return { key: `activity ${userId} ${event.connectionId ?? ""}` };
    default:
      return undefined;
  }
}
