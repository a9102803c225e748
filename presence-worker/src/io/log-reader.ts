import {
  envelopeSchema,
  PROFILE_WAIT_MAX_MS,
  partitionMessageSchema,
  type UserMessage,
  userMessageSchema,
} from "@meeshy/shared/events";
import type { Stored } from "@meeshy/shared/nats/follow";
import { fromBytes } from "@meeshy/shared/nats/last-value";
import { NOTHING_STORED } from "@meeshy/shared/person-profile";
import { parseEventSubject } from "@meeshy/shared/subjects";
import type { Inbound, Unreadable } from "../core/inbound.ts";
import { shareId } from "./shared-ids.ts";

/** Why a message could not be read, for the log; `kind` is the type that its event names. */
export interface Fault {
  kind: string;
  fault: string;
}

/**
 * Reads one message of the log. Of what is not an event, only its place in its publisher's order counts; it comes
 * with a fault. Never throws.
 */
export function readEvent(stored: Stored): Inbound & Partial<Fault> {
  const { seq, time } = stored;
  let payload: unknown;
  try {
    payload = fromBytes(stored.data);
  } catch {
    return { seq, time, ...unreadable(undefined, "it is not JSON") };
  }
  const address = parseEventSubject(stored.subject);
  if (address === undefined) return { seq, time, ...unreadable(payload, "its subject is none of ours") };
  if (address.userId === undefined) {
    const parsed = partitionMessageSchema.safeParse(payload);
    return { seq, time, ...(parsed.success ? { message: parsed.data } : unreadable(payload, parsed.error)) };
  }
  const parsed = userMessageSchema.safeParse(payload);
  if (!parsed.success) return { seq, time, ...unreadable(payload, parsed.error) };
  return { seq, time, userId: copyOf(address.userId), message: inLogTime(withSharedIds(parsed.data), time) };
}

/** An end that a gateway has reckoned, and answered with, stands unless it is as far off as this. */
const END_OFF_MAX_MS = 1_000;

/**
 * A sign of life that waited to be written is that much older than the log says; a choice that lasts for so long does so
 * from `time` on, when it came into the log.
 */
function inLogTime(message: UserMessage, time: number): UserMessage {
  const { event, waitedMs } = message;
  if (waitedMs !== undefined && (event.type === "connected" || event.type === "activity"))
    event.idleMs = (event.idleMs ?? 0) + waitedMs;
  // Too old to be taken for what is stored still: its gateway reads it anew, and announces the connection again.
  if (waitedMs !== undefined && waitedMs > PROFILE_WAIT_MAX_MS && "profile" in event)
    event.profile = { ...event.profile, ...NOTHING_STORED };
  if ((event.type === "availability" || event.type === "claim") && event.lastsMs !== undefined) {
    const end = time + event.lastsMs;
    if (Math.abs(end - (event.expiresAt ?? 0)) > END_OFF_MAX_MS) event.expiresAt = end;
  }
  return message;
}

function unreadable(payload: unknown, fault: string | Issues): Unreadable & Fault {
  const { numbering, kind } = envelopeSchema.parse(payload);
  const text = typeof fault === "string" ? fault : faultText(fault);
  return { message: { ...numbering, event: { type: "unreadable" } }, kind, fault: text };
}

/** A part of a string holds on to the whole of it, here to the subject. */
const copyOf = (part: string): string => Buffer.from(part).toString();

function withSharedIds(message: UserMessage): UserMessage {
  const { event } = message;
  if (event.type === "connected") event.gatewayId = shareId(event.gatewayId);
  if ("profile" in event) event.profile.conversationIds = event.profile.conversationIds.map(shareId);
  return message;
}

interface Issues {
  issues: { path: PropertyKey[]; message: string }[];
}

const faultText = ({ issues }: Issues): string =>
  issues
    .map(({ path, message }) => `${path.map(String).join(".")}: ${message}`)
    .join("; ")
    .slice(0, 300);
