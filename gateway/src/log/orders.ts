import { randomUUID } from "node:crypto";
import { PresenceError } from "@meeshy/shared/codes";
import type { UserEvent } from "@meeshy/shared/events";
import { AckLost } from "@meeshy/shared/nats/ack-inbox";
import type { NatsLink } from "@meeshy/shared/nats/connect";
import { toBytes } from "@meeshy/shared/nats/last-value";
import { eventSubject } from "@meeshy/shared/subjects";
import { headers } from "@nats-io/nats-core";
import type { GatewayMetrics } from "../metrics.ts";

/**
 * Writes an event that belongs to no life of this gateway: one that has to count even when the gateway is
 * declared lost. Resolves with its log sequence; rejects with `unavailable` when the log does not answer.
 */
export type WriteOrder = (userId: string, event: UserEvent) => Promise<number>;

const ATTEMPTS = 3;

/** Each order carries an id of its own, by which the stream knows one that was sent again. */
export function createOrders({ link, metrics }: { link: NatsLink; metrics: GatewayMetrics }): WriteOrder {
  return async (userId, event) => {
    metrics.events.inc({ type: event.type });
    const id = headers();
    id.set("Nats-Msg-Id", randomUUID());
    const data = toBytes({ event });
    for (let attempt = 1; ; attempt++) {
      try {
        return (await link.acks.publish(eventSubject("svc", userId), data, id)).seq;
      } catch (cause) {
        if (cause instanceof AckLost && attempt < ATTEMPTS) continue;
        throw new PresenceError("unavailable", "The change could not be written.", { cause });
      }
    }
  };
}
