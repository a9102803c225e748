import { recentMessages } from "@meeshy/shared/db/chat";
import type { Database } from "@meeshy/shared/db/client";
import { fromBytes } from "@meeshy/shared/nats/last-value";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Timer } from "@meeshy/shared/ports/clock";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { ChatMessage } from "@meeshy/shared/socket-events";
import { SUBJECT_CHAT_ALL } from "@meeshy/shared/subjects";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import type { Outlet } from "../rooms/outlet.ts";
import type { Connections } from "../sockets/connections.ts";
import { conversationRoom } from "../sockets/rooms.ts";
import type { PresenceServer } from "../sockets/socket-server.ts";

const chatMessageSchema = z.object({
  id: z.string(),
  conversationId: z.string(),
  senderId: z.string(),
  content: z.string(),
  createdAt: z.string(),
});

export interface RelayDeps {
  io: PresenceServer;
  outlet: Outlet;
  bus: Bus;
  db: Database;
  connections: Connections;
  logger: Logger;
}

/** A link is dead for up to this long before that is noticed. */
const NOTICED_WITHIN_MS = 10_000;
const RETRY_MS = 1_000;
const REMEMBERED = 20_000;
const CATCH_UP_MAX = 5_000;

/**
 * Passes chat messages of every gateway on to this one's sockets in the conversation, each once. What was
 * told while this gateway's own link was down is read from the database afterwards.
 */
export function relayChat({ io, outlet, bus, db, connections, logger }: RelayDeps): { stop(): void } {
  const told = new LRUCache<string, true>({ max: REMEMBERED });
  const startedAt = bus.clock.now();
  let downSince: number | null = null;
  let timer: Timer | undefined;

  const tell = (message: ChatMessage) => {
    if (told.has(message.id)) return;
    told.set(message.id, true);
    const members = io.sockets.adapter.rooms.get(conversationRoom(message.conversationId)) ?? [];
    outlet.send([...members], (ids) => io.local.to(ids).emit("message:new", message));
  };

  const subscription = bus.subscribe(SUBJECT_CHAT_ALL, ({ subject, data }) => {
    try {
      tell(chatMessageSchema.parse(fromBytes(data)));
    } catch (cause) {
      logger.error({ subject, err: cause }, "chat message set aside");
    }
  });

  const catchUp = async (since: number) => {
    const conversationIds = [
      ...new Set(connections.all().flatMap((connection) => connection.conversationIds)),
    ];
    const from = Math.max(startedAt, since - NOTICED_WITHIN_MS);
    const ms = bus.clock.now() - from;
    try {
      for (const message of await recentMessages(db, conversationIds, { ms, limit: CATCH_UP_MAX }))
        tell(message);
    } catch (error) {
      logger.warn({ err: error }, "missed chat messages not read yet");
      timer = bus.clock.after(RETRY_MS, () => void catchUp(since));
    }
  };
  const forget = bus.onChange((up) => {
    if (!up) downSince ??= bus.clock.now();
    else if (downSince !== null) {
      void catchUp(downSince);
      downSince = null;
    }
  });

  return {
    stop() {
      timer?.cancel();
      forget();
      subscription.unsubscribe();
    },
  };
}
