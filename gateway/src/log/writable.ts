import type { UserEvent } from "@meeshy/shared/events";
import { toWritable } from "@meeshy/shared/writable-event";
import type { GatewayMetrics } from "../metrics.ts";

/** {@link toWritable}; conversations that do not fit are counted: in them the person is not seen. */
export function toCountedWritable(event: UserEvent, metrics: Pick<GatewayMetrics, "listsCut">): UserEvent {
  const writable = toWritable(event);
  if (conversationsOf(writable) < conversationsOf(event)) metrics.listsCut.inc({ list: "conversations" });
  return writable;
}

const conversationsOf = (event: UserEvent): number =>
  "profile" in event ? event.profile.conversationIds.length : 0;
