import type { NatsLink } from "@meeshy/shared/nats/connect";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { SUBJECT_CHAT_ALL } from "@meeshy/shared/subjects";
import { z } from "zod";
import { conversationRoom } from "../sockets/rooms.ts";
import type { PresenceServer } from "../sockets/socket-server.ts";

const chatMessageSchema = z.object({
  id: z.string(),
  conversationId: z.string(),
  senderId: z.string(),
  content: z.string(),
  createdAt: z.string(),
});

/** Passes chat messages of every gateway on to this one's sockets in the conversation. */
export function relayChat({ io, link, logger }: { io: PresenceServer; link: NatsLink; logger: Logger }): {
  stop(): void;
} {
  const subscription = link.nc.subscribe(SUBJECT_CHAT_ALL, {
    callback: (error, message) => {
      if (error) return;
      try {
        const chatMessage = chatMessageSchema.parse(message.json());
        io.local.to(conversationRoom(chatMessage.conversationId)).emit("message:new", chatMessage);
      } catch (cause) {
        logger.error({ subject: message.subject, err: cause }, "chat message set aside");
      }
    },
  });
  return { stop: () => subscription.unsubscribe() };
}
