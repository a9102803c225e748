import { PresenceError } from "@meeshy/shared/codes";
import type { UserEvent } from "@meeshy/shared/events";
import { toBytes } from "@meeshy/shared/nats/last-value";
import { AckLost, type Bus } from "@meeshy/shared/ports/bus";
import { MESSAGING, messagingAttributes, NO_TRACING, type Tracer } from "@meeshy/shared/ports/tracing";
import { eventSubject, partitionOf } from "@meeshy/shared/subjects";
import { versioned } from "@meeshy/shared/versions";
import type { GatewayMetrics } from "../metrics.ts";
import { toCountedWritable } from "./writable.ts";

/**
 * Writes an event that belongs to no life of this gateway: one that has to count even when the gateway is
 * declared lost. `parent`: the context of what caused it. Resolves with its log sequence; rejects with `unavailable` when the log does not answer.
 */
export type PublishUnnumbered = (userId: string, event: UserEvent, parent?: string) => Promise<number>;

const ATTEMPTS = 3;
const RETRY_MS = 300;

/** Each event carries a message id, by which the stream drops one that was sent again. */
export function createUnnumberedPublisher({
  bus,
  metrics,
  tracer = NO_TRACING,
}: {
  bus: Bus;
  metrics: GatewayMetrics;
  /** by default nothing is recorded */
  tracer?: Tracer;
}): PublishUnnumbered {
  return async (userId, event, parent) => {
    metrics.events.inc({ type: event.type });
    const messageId = bus.clock.id();
    const span = tracer.start(`send ${MESSAGING.log}`, {
      kind: "producer",
      parent,
      always: true,
      attributes: {
        ...messagingAttributes("send", MESSAGING.log, partitionOf(userId)),
        "meeshy.event": event.type,
      },
    });
    const { traceparent } = span;
    const message = {
      event: toCountedWritable(event, metrics),
      ...(traceparent === undefined ? {} : { traceparent }),
    };
    const data = toBytes(versioned("logMessage", message));
    for (let attempt = 1; ; attempt++) {
      try {
        const { seq } = await bus.acks.publish(eventSubject("svc", userId), data, { messageId });
        span.end();
        return seq;
      } catch (cause) {
        if (!(cause instanceof AckLost) || attempt === ATTEMPTS) {
          span.end({ error: cause });
          throw new PresenceError("unavailable", "The change could not be written.", { cause });
        }
        await bus.clock.sleep(RETRY_MS);
      }
    }
  };
}
