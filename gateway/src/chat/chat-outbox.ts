import { toBytes } from "@meeshy/shared/nats/last-value";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { ChatMessage } from "@meeshy/shared/socket-events";
import { chatSubject } from "@meeshy/shared/subjects";

/**
 * Publishes chat messages to all gateways. What is published into a link that is about to break is lost without an
 * error, so each message is held until the server has answered a flush after it, and published again otherwise.
 */
export interface ChatOutbox {
  publish(message: ChatMessage): void;
  stop(): void;
}

const RETRY_MS = 1_000;

export function createChatOutbox(bus: Bus): ChatOutbox {
  const held = new Map<string, ChatMessage>();

  const send = async (messages: ChatMessage[]) => {
    for (const message of messages) bus.publish(chatSubject(message.conversationId), toBytes(message));
    await bus.flush();
    for (const { id } of messages) held.delete(id);
  };
  /** A failed flush leaves the messages held. */
  const sendHeld = () => {
    if (held.size > 0 && bus.isUp()) send([...held.values()]).catch(() => {});
  };
  const timer = bus.clock.every(RETRY_MS, sendHeld);
  const forget = bus.onChange(sendHeld);

  return {
    publish(message) {
      held.set(message.id, message);
      send([message]).catch(() => {});
    },
    stop() {
      timer.cancel();
      forget();
    },
  };
}
