import { createBoundedCache } from "@meeshy/shared/bounded-cache";
import { fromBytes } from "@meeshy/shared/nats/last-value";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { ChatStore } from "@meeshy/shared/ports/chat-store";
import type { Timer } from "@meeshy/shared/ports/clock";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { type ChatMessage, chatMessageSchema } from "@meeshy/shared/socket-events";
import { SUBJECT_CHAT_ALL } from "@meeshy/shared/subjects";
import { z } from "zod";
import type { Connections } from "../connections/connections.ts";
import { conversationRoom } from "../connections/room-names.ts";
import type { PresenceServer } from "../connections/socket-server.ts";
import type { Outlet } from "../emitter/outlet.ts";
import { withoutClientId } from "./message-for.ts";

/** A gateway of another release may write times otherwise. */
const relayedSchema = chatMessageSchema.extend({ createdAt: z.string() });

export interface RelayDeps {
  io: PresenceServer;
  outlet: Outlet;
  bus: Bus;
  store: Pick<ChatStore, "now" | "since">;
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
 * published while this gateway's own link was down is read from the database afterwards.
 */
export function relayChat({ io, outlet, bus, store, connections, logger }: RelayDeps): { stop(): void } {
  const delivered = createBoundedCache<true>({ max: REMEMBERED });
  const startedAt = bus.clock.now();
  let downSince: number | null = null;
  let timer: Timer | undefined;

  const deliver = (message: ChatMessage) => {
    if (delivered.has(message.id)) return;
    delivered.set(message.id, true);
    const members = [...(io.sockets.adapter.rooms.get(conversationRoom(message.conversationId)) ?? [])];
    if (message.clientId === undefined) return emit(members, message);
    const isOwn = (socketId: string) => connections.ofSocket(socketId)?.userId === message.senderId;
    emit(members.filter(isOwn), message);
    emit(
      members.filter((socketId) => !isOwn(socketId)),
      withoutClientId(message),
    );
  };
  const emit = (socketIds: string[], message: ChatMessage) =>
    outlet.send(socketIds, (ids) => io.local.to(ids).emit("message:new", message));

  const subscription = bus.subscribe(SUBJECT_CHAT_ALL, ({ subject, data }) => {
    try {
      deliver(relayedSchema.parse(fromBytes(data)));
    } catch (cause) {
      logger.error({ subject, err: cause }, "chat message set aside");
    }
  });

  const catchUp = async (since: number) => {
    const conversationIds = [
      ...new Set(connections.all().flatMap((connection) => connection.conversationIds)),
    ];
    const missedFrom = Math.max(startedAt, since - NOTICED_WITHIN_MS);
    try {
      // The answer may have waited: the store's clock shows at least this. Rather too early than too late.
      const from = (await store.now()) - (bus.clock.now() - missedFrom);
      const missed = await store.since(conversationIds, { from, limit: CATCH_UP_MAX });
      for (const message of missed) deliver(message);
      if (missed.length === CATCH_UP_MAX)
        logger.warn(
          { read: missed.length },
          "no more missed chat messages are read: there may be later ones",
        );
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
