import { errorBody, isOwnFault, PresenceError } from "@meeshy/shared/codes";
import { CLIENT_EVENTS, type ClientEventName } from "@meeshy/shared/event-names";
import type { Logger } from "@meeshy/shared/runtime/logger";
import { type Acknowledgement, CLIENT_EVENT_TABLE } from "@meeshy/shared/socket-events";
import { z } from "zod";
import type { RoomRequests } from "../changes/room-requests.ts";
import type { Chat } from "../chat/chat.ts";
import type { Typing } from "../chat/typing.ts";
import type { ClientConnection } from "../connections/connections.ts";
import type { Watching } from "../delivery/watching.ts";
import type { Limits } from "../limits/limits.ts";
import type { TouchActivity } from "../log/activity.ts";
import type { AuthExpiry } from "./auth-expiry.ts";

/** What clients may send (CONTRACT 4): each event has a schema and an answer, and is acknowledged. */
export type ReceiveEvents = (connection: ClientConnection) => void;

type Answer = (connection: ClientConnection, payload: unknown) => Promise<unknown>;

type Table = typeof CLIENT_EVENT_TABLE;
type PayloadOf<E extends ClientEventName> = Table[E]["payload"] extends z.ZodType<infer P> ? P : undefined;
/** What is done upon each event; what is returned goes into the acknowledgement as `data`. */
type Handlers = { [E in ClientEventName]: (connection: ClientConnection, payload: PayloadOf<E>) => unknown };

const noPayload = z.unknown().transform(() => undefined);

/** Reads the payload by the event's row in the table. Rejects with `bad_request`, or as the handler does. */
function answerBy<E extends ClientEventName>(handlers: Handlers, name: E): Answer {
  const schema = CLIENT_EVENT_TABLE[name].payload ?? noPayload;
  const handle = handlers[name];
  return async (connection, payload) => {
    const parsed = schema.safeParse(payload);
    if (parsed.success) return handle(connection, parsed.data as PayloadOf<E>);
    throw new PresenceError("bad_request", "The payload does not have the shape of this event.", {
      details: parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message })),
    });
  };
}

export function createClientEvents({
  chat,
  typing,
  rooms,
  touch,
  watching,
  authExpiry,
  limits,
  logger,
}: {
  chat: Chat;
  typing: Pick<Typing, "pass">;
  rooms: RoomRequests;
  touch: TouchActivity;
  watching: Watching;
  authExpiry: Pick<AuthExpiry, "renew">;
  limits: Limits;
  logger: Logger;
}): ReceiveEvents {
  const handlers: Handlers = {
    activity: (connection) => touch(connection.userId, { over: connection }),
    async "message:send"(connection, message) {
      const { userId } = connection;
      touch(userId, { over: connection });
      const { id: messageId } = await chat.send({ ...message, senderId: userId });
      return { messageId };
    },
    typing: (connection, sign) => typing.pass(connection, sign),
    "auth:renew": (connection, { token }) => authExpiry.renew(connection, token),
    "presence:watch": watching.watch,
    "presence:unwatch": watching.unwatch,
    "conversation:join": (connection, { conversationId }) => rooms.join(connection, conversationId),
    "conversation:leave": (connection, { conversationId }) => rooms.leave(connection, conversationId),
  };
  const answersByName = new Map<string, Answer>(
    Object.values(CLIENT_EVENTS).map((name) => [name, answerBy(handlers, name)]),
  );

  const answerTo = async (
    connection: ClientConnection,
    name: string,
    payload: unknown,
  ): Promise<Acknowledgement<unknown>> => {
    try {
      limits.event(connection.id, connection.userId);
      const answer = answersByName.get(name);
      if (!answer) throw new PresenceError("unknown_event", "There is no such event.");
      const data = await answer(connection, payload);
      return data === undefined ? { success: true } : { success: true, data };
    } catch (error) {
      const body = errorBody(error);
      if (isOwnFault(body.code)) logger.error({ err: error, event: name }, "event failed");
      return { success: false, error: body };
    }
  };

  return (connection) => {
    let isRefusing = false;
    connection.socket.onAny(async (name: string, ...args: unknown[]) => {
      const last = args.at(-1);
      const reply = typeof last === "function" ? last : undefined;
      const answer = await answerTo(connection, name, args[0] === reply ? undefined : args[0]);
      // A flood without acknowledgements gets one error, so that the errors do not become another flood.
      const wasRefusing = isRefusing;
      isRefusing = !answer.success && answer.error.code === "rate_limited";
      if (reply) reply(answer);
      else if (!answer.success && !(isRefusing && wasRefusing)) connection.socket.emit("error", answer.error);
    });
  };
}
