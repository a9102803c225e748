import type { UserEvent } from "@meeshy/shared/events";
import { isCanaryId } from "@meeshy/shared/ids";
import { MessageTooLarge, PublisherClosed } from "@meeshy/shared/nats/publisher";
import { MESSAGING, messagingAttributes, type Span, type Tracer } from "@meeshy/shared/ports/tracing";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { partitionOf } from "@meeshy/shared/subjects";
import type { GatewayMetrics } from "../metrics.ts";
import type { GatewayLife } from "./gateway-life.ts";
import { toCountedWritable } from "./writable.ts";

/**
 * Writes an event under the life that this gateway has now; resolves as {@link GatewayLife.publish} does. A caller need
 * not look at a rejection: it is counted and logged here.
 */
export type PublishEvent = (userId: string, event: UserEvent, cause?: EventCause) => Promise<number>;

/** The trace that an event belongs to. An event without a cause is not traced, nor are those of canaries. */
export interface EventCause {
  /** the context of what caused it; `undefined`: it is the root of a trace */
  parent?: string | undefined;
  links?: readonly (string | undefined)[];
}

export function createEventPublisher(
  { metrics, tracer, logger }: { metrics: GatewayMetrics; tracer: Tracer; logger: Logger },
  lifeNow: () => GatewayLife,
): PublishEvent {
  const begin = (userId: string, { type }: UserEvent, cause: EventCause): Span =>
    tracer.start(`send ${MESSAGING.log}`, {
      kind: "producer",
      ...cause,
      // Who comes and who goes, viewers see; activity they do not.
      always: type !== "activity",
      attributes: {
        ...messagingAttributes("send", MESSAGING.log, partitionOf(userId)),
        "meeshy.event": type,
      },
    });
  const write = async (userId: string, event: UserEvent, cause: EventCause | undefined) => {
    if (cause === undefined || !tracer.isRecording || isCanaryId(userId))
      return lifeNow().publish(userId, toCountedWritable(event, metrics), cause?.parent);
    const span = begin(userId, event, cause);
    try {
      return await lifeNow().publish(userId, toCountedWritable(event, metrics), span.traceparent);
    } finally {
      span.end();
    }
  };
  return (userId, event, cause) => {
    if (!isCanaryId(userId)) metrics.events.inc({ type: event.type });
    const published = write(userId, event, cause);
    published.catch((error) => {
      if (error instanceof MessageTooLarge) metrics.logRefused.inc({ reason: "oversize" });
      if (!(error instanceof PublisherClosed))
        logger.error({ err: error, type: event.type }, "event not written");
    });
    return published;
  };
}
