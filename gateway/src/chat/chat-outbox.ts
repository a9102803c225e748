import { toBytes } from "@meeshy/shared/nats/last-value";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { ChatMessage } from "@meeshy/shared/socket-events";
import { chatSubject } from "@meeshy/shared/subjects";

/**
 * Publishes chat messages to all gateways. What is published into a link that is about to break is lost without an
 * error, so each message is held until the server has answered a flush after it, and is published again only when that
 * flush failed. Up to 16 MB are held; beyond, the oldest are dropped, and counted. Every message is in the database
 * before: gateways whose own link was down as well read it there (`relayChat`); the clients of others see a dropped one
 * when they next read the conversation.
 */
export interface ChatOutbox {
  /** Never throws. */
  publish(message: ChatMessage): void;
  stop(): void;
}

const HELD_MAX_BYTES = 16 * 1024 ** 2;
const RETRY_MS = 1_000;

interface Held {
  subject: string;
  data: Uint8Array;
  isSent: boolean;
}

/** `onDropped`: a message was given up before it was known to be published. */
export function createChatOutbox(bus: Bus, onDropped: () => void): ChatOutbox {
  /** by id, the oldest first */
  const held = new Map<string, Held>();
  let heldBytes = 0;
  /** grows with each change of the link: a flush that was begun before does not count any more */
  let linkChanges = 0;
  let isFlushing = false;

  const forget = (id: string) => {
    heldBytes -= held.get(id)?.data.length ?? 0;
    held.delete(id);
  };

  const send = (message: Held) => {
    try {
      bus.publish(message.subject, message.data);
      message.isSent = true;
    } catch {
      // The link was closed: the message stays held.
    }
  };

  /** Flushes, one time after the other, until everything that was sent is known to have arrived. */
  const flush = async () => {
    const began = linkChanges;
    isFlushing = true;
    try {
      for (;;) {
        const sent = [...held].filter(([, { isSent }]) => isSent);
        if (sent.length === 0) break;
        await bus.flush();
        if (began !== linkChanges) return;
        for (const [id] of sent) forget(id);
      }
    } catch {
      if (began === linkChanges) markUnsent();
    }
    if (began === linkChanges) isFlushing = false;
  };

  const markUnsent = () => {
    for (const message of held.values()) message.isSent = false;
  };

  const sendUnsent = () => {
    if (held.size === 0 || !bus.isUp()) return;
    for (const message of held.values()) if (!message.isSent) send(message);
    if (!isFlushing) void flush();
  };

  const timer = bus.clock.every(RETRY_MS, sendUnsent);
  const forgetLink = bus.onChange(() => {
    linkChanges++;
    isFlushing = false;
    markUnsent();
    sendUnsent();
  });

  return {
    publish(message) {
      const one = { subject: chatSubject(message.conversationId), data: toBytes(message), isSent: false };
      held.set(message.id, one);
      heldBytes += one.data.length;
      for (const id of held.keys()) {
        if (heldBytes <= HELD_MAX_BYTES) break;
        forget(id);
        onDropped();
      }
      if (!bus.isUp()) return;
      send(one);
      if (!isFlushing) void flush();
    },
    stop() {
      timer.cancel();
      forgetLink();
    },
  };
}
