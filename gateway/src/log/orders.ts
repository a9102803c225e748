import { PresenceError } from "@meeshy/shared/codes";
import type { UserEvent } from "@meeshy/shared/events";
import { toBytes } from "@meeshy/shared/nats/last-value";
import { AckLost, type Bus } from "@meeshy/shared/ports/bus";
import { eventSubject } from "@meeshy/shared/subjects";
import { versioned } from "@meeshy/shared/versions";
import { toWritable } from "@meeshy/shared/writable-event";
import type { GatewayMetrics } from "../metrics.ts";

/**
 * Writes an event that belongs to no life of this gateway: one that has to count even when the gateway is
 * declared lost. Resolves with its log sequence; rejects with `unavailable` when the log does not answer.
 */
export type WriteOrder = (userId: string, event: UserEvent) => Promise<number>;

const ATTEMPTS = 3;
const RETRY_MS = 300;

/** Each order carries an id of its own, by which the stream knows one that was sent again. */
export function createOrders({ bus, metrics }: { bus: Bus; metrics: GatewayMetrics }): WriteOrder {
  return async (userId, event) => {
    metrics.events.inc({ type: event.type });
    const messageId = bus.clock.id();
    const data = toBytes(versioned("logMessage", { event: toWritable(event) }));
    for (let attempt = 1; ; attempt++) {
      try {
        return (await bus.acks.publish(eventSubject("svc", userId), data, { messageId })).seq;
      } catch (cause) {
        if (!(cause instanceof AckLost) || attempt === ATTEMPTS)
          throw new PresenceError("unavailable", "The change could not be written.", { cause });
        await bus.clock.sleep(RETRY_MS);
      }
    }
  };
}
