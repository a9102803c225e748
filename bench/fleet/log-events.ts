import type { Profile, UserEvent } from "@meeshy/shared/events";
import type { NatsLink } from "@meeshy/shared/nats/connect";
import { createLogPublisher, type LogPublisher } from "@meeshy/shared/nats/publisher";
import { eventSubject, partitionOf } from "@meeshy/shared/subjects";
import type { LogEnds } from "../measure/checkpoints.ts";

/** Writes events into the log as a gateway would. */

export function profileOf(username: string, conversationIds: string[]): Profile {
  return {
    username,
    isAnonymous: false,
    conversationIds,
    availability: "available",
    statusText: null,
    availabilityExpiresAt: null,
    lastActiveAt: null,
    lastSeen: null,
  };
}

export interface LogFiller {
  gatewayId: string;
  /** Writes one event for each user from `from` to below `to`; resolves when all are stored. */
  fill(range: { from: number; to: number }, eventOf: (n: number) => UserEvent): Promise<void>;
  /** the last sequence that was written, by partition */
  ends: LogEnds;
  close(): void;
}

/**
 * As many as the publisher sends without an answer. More would wait: of what has waited for 25 s workers do not use the
 * stored part of the profile, and show nothing of the person before their gateway has read it anew.
 */
const WAITING_AT_ONCE = 2_000;

/** Users are `u0`, `u1`, …. */
export function createLogFiller(link: NatsLink, gatewayId: string): LogFiller {
  const publisher: LogPublisher = createLogPublisher(link, gatewayId);
  const ends = new Map<number, number>();
  const write = async (userId: string, event: UserEvent) => {
    const partition = partitionOf(userId);
    const seq = await publisher.publish({ subject: eventSubject("gw", userId), partition }, { event });
    ends.set(partition, Math.max(seq, ends.get(partition) ?? 0));
  };
  return {
    gatewayId,
    ends,
    async fill({ from, to }, eventOf) {
      for (let start = from; start < to; start += WAITING_AT_ONCE) {
        const stored: Promise<void>[] = [];
        for (let n = start; n < Math.min(to, start + WAITING_AT_ONCE); n++)
          stored.push(write(userName(n), eventOf(n)));
        await Promise.all(stored);
      }
    },
    close: () => publisher.close(),
  };
}

const userName = (n: number): string => `u${n}`;

/** A user of ten's room comes online with one connection. */
export const connectedEvent = (n: number, gatewayId: string): UserEvent => ({
  type: "connected",
  connectionId: `c${n}`,
  gatewayId,
  device: null,
  idleMs: 0,
  profile: profileOf(userName(n), [`room${Math.floor(n / 10)}`, "general"]),
});
