import { partitionMessageSchema, type UserMessage, userMessageSchema } from "@meeshy/shared/events";
import type { Stored } from "@meeshy/shared/nats/follow";
import { fromBytes } from "@meeshy/shared/nats/last-value";
import { parseEventSubject } from "@meeshy/shared/subjects";
import type { Inbound } from "../core/partition.ts";
import { shareId } from "./shared-ids.ts";

/** A message that cannot be an event: where it lies and what is wrong with it. */
export interface Poison {
  fault: string;
}

/** Reads one message of the log; what is not an event is named, never thrown. */
export function readEvent(stored: Stored): Inbound | Poison {
  const address = parseEventSubject(stored.subject);
  if (address === undefined) return { fault: "its subject is none of ours" };
  let payload: unknown;
  try {
    payload = fromBytes(stored.data);
  } catch {
    return { fault: "it is not JSON" };
  }
  const at = { seq: stored.seq, time: stored.time };
  if (address.userId === undefined) {
    const parsed = partitionMessageSchema.safeParse(payload);
    return parsed.success ? { ...at, message: parsed.data } : { fault: faultText(parsed.error) };
  }
  const parsed = userMessageSchema.safeParse(payload);
  return parsed.success
    ? { ...at, userId: copyOf(address.userId), message: withSharedIds(parsed.data) }
    : { fault: faultText(parsed.error) };
}

/** A part of a string holds on to the whole of it, here to the subject. */
const copyOf = (part: string): string => Buffer.from(part).toString();

function withSharedIds(message: UserMessage): UserMessage {
  const { event } = message;
  if (event.type === "connected") event.gatewayId = shareId(event.gatewayId);
  if ("profile" in event) event.profile.conversationIds = event.profile.conversationIds.map(shareId);
  return message;
}

const faultText = (error: { issues: { path: PropertyKey[]; message: string }[] }): string =>
  error.issues
    .map(({ path, message }) => `${path.map(String).join(".")}: ${message}`)
    .join("; ")
    .slice(0, 300);
