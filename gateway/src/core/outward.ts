import { hiddenStatus, type StatusMessage } from "@meeshy/shared/status";
import { toUserStatus } from "./merge-status.ts";
import { type SubjectPreferences, visibleStatus } from "./visibility.ts";

/** What readers of other teams see of a person on NATS (CONTRACT 7): what anyone may see who shares a conversation. Pure. */

/**
 * The status as it goes out, without conversations; `undefined`: the person is hidden, or not known. A person who is
 * shown online again after being hidden has a version beyond the one under which they were hidden.
 */
export function toOutward(
  message: StatusMessage | undefined,
  subject: SubjectPreferences | undefined,
): StatusMessage | undefined {
  const visible = message && subject && visibleStatus("sharer", subject, toUserStatus(message));
  if (!visible) return undefined;
  const { isOnline, version } = visible;
  const newest = isOnline ? Math.max(version, message.directoryVersion) : version;
  return { ...visible, version: newest, conversationIds: [], directoryVersion: 0 };
}

/** How a person who was shown online, and is hidden now, goes out. */
export function toOutwardDeparture({
  userId,
  isAnonymous,
  epoch,
  directoryVersion,
  version,
}: StatusMessage): StatusMessage {
  return {
    ...hiddenStatus(userId, null, isAnonymous),
    epoch,
    version: Math.max(version, directoryVersion),
    conversationIds: [],
    directoryVersion: 0,
  };
}

/** Whether this gateway, of all that publish statuses outward, publishes what lies in a partition: exactly one does. */
export function isPublisher(gatewayId: string, gatewayIds: Iterable<string>, partition: number): boolean {
  const own = weightOf(gatewayId, partition);
  for (const id of gatewayIds) {
    if (id === gatewayId) continue;
    const weight = weightOf(id, partition);
    if (weight > own || (weight === own && id > gatewayId)) return false;
  }
  return true;
}

/** FNV-1a, 32 bit. */
function weightOf(gatewayId: string, partition: number): number {
  let hash = 0x811c9dc5;
  for (const char of `${partition} ${gatewayId}`)
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
}
