import { PresenceError } from "@meeshy/shared/codes";
import { toIso } from "@meeshy/shared/iso-time";
import { fromBytes, toBytes } from "@meeshy/shared/nats/last-value";
import type { LeaseBoard } from "@meeshy/shared/nats/lease-board";
import type { Bus } from "@meeshy/shared/ports/bus";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { type TypingNotice, type TypingSign, typingNoticeSchema } from "@meeshy/shared/socket-events";
import { SUBJECT_TYPING_ALL, typingSubject } from "@meeshy/shared/subjects";
import type { ClientConnection } from "../connections/connections.ts";
import type { PresenceServer } from "../connections/socket-server.ts";
import type { CachedDirectory } from "../directory/cached-directory.ts";
import type { Outlet } from "../emitter/outlet.ts";
import type { StatusFeed } from "../feed/status-feed.ts";

/**
 * That people type, to the other members who may see them, on every gateway (CONTRACT 4). It is worth nothing a moment
 * later: what cannot be passed on at once is dropped, and nothing is stored.
 */
export interface Typing {
  /**
   * Passes on that the person of this connection types, at most once in {@link PASSED_EVERY_MS} for each conversation of
   * the connection. Of who is not shown online nothing is passed on.
   * @throws {PresenceError} `not_found`: the connection is in no such conversation
   */
  pass(connection: ClientConnection, sign: TypingSign): void;
  stop(): void;
}

export interface TypingDeps {
  io: PresenceServer;
  outlet: Outlet;
  bus: Bus;
  board: Pick<LeaseBoard, "brokerTime">;
  directory: Pick<CachedDirectory, "users">;
  feed: Pick<StatusFeed, "get">;
  /** the sockets in a conversation here whose people may see the person; none of the person's own */
  viewersIn: (conversationId: string, userId: string) => string[];
  logger: Logger;
}

/** ms */
const PASSED_EVERY_MS = 3_000;

export function createTyping(deps: TypingDeps): Typing {
  const { io, outlet, bus, board, directory, feed, viewersIn, logger } = deps;
  /** when it was last passed on, by connection and conversation; monotonic ms */
  const passedAt = new WeakMap<ClientConnection, Map<string, number>>();

  const isDue = (connection: ClientConnection, conversationId: string): boolean => {
    const now = bus.clock.now();
    const known = passedAt.get(connection) ?? new Map<string, number>();
    if (now - (known.get(conversationId) ?? Number.NEGATIVE_INFINITY) < PASSED_EVERY_MS) return false;
    passedAt.set(connection, known.set(conversationId, now));
    return true;
  };
  const isShownOnline = (userId: string) => feed.get(userId)?.isOnline === true;

  const deliver = async (notice: TypingNotice) => {
    const { conversationId, userId } = notice;
    if (!isShownOnline(userId) || viewersIn(conversationId, userId).length === 0) return;
    const user = await directory.users.get(userId);
    if (!user?.isActive || !user.showOnlineStatus) return;
    const emit = (ids: string[]) => void io.local.to(ids).emit("typing", notice);
    outlet.send(viewersIn(conversationId, userId), emit);
  };

  const subscription = bus.subscribe(SUBJECT_TYPING_ALL, ({ subject, data }) => {
    try {
      // Where the directory cannot be asked it is dropped.
      deliver(typingNoticeSchema.parse(fromBytes(data))).catch(() => {});
    } catch (cause) {
      logger.error({ subject, err: cause }, "sign of typing set aside");
    }
  });

  return {
    pass(connection, { conversationId, isTyping = true }) {
      const { userId, conversationIds } = connection;
      if (!conversationIds.includes(conversationId))
        throw new PresenceError("not_found", "There is no such conversation.");
      if (!isTyping || !isShownOnline(userId) || !bus.isUp() || !isDue(connection, conversationId)) return;
      const at = toIso(Math.floor(board.brokerTime() ?? bus.clock.wall()));
      bus.publish(typingSubject(conversationId), toBytes({ conversationId, userId, at }));
    },
    stop: () => subscription.unsubscribe(),
  };
}
