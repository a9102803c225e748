import { ERRORS, errorBody, PresenceError } from "@meeshy/shared/codes";
import { CLIENT_EVENTS } from "@meeshy/shared/event-names";
import type { Logger } from "@meeshy/shared/runtime/logger";
import {
  type Acknowledgement,
  conversationRefSchema,
  messageSendSchema,
  userIdsSchema,
} from "@meeshy/shared/socket-events";
import { z } from "zod";
import type { Chat } from "../chat/chat.ts";
import type { Limits } from "../limits/limits.ts";
import type { TouchActivity } from "../log/activity.ts";
import type { RoomRequests } from "../people/room-requests.ts";
import type { Watching } from "../rooms/watching.ts";
import type { Connection } from "./connections.ts";

/** What clients may send (CONTRACT 4): each event has a schema and an answer, and is acknowledged. */
export type ReceiveEvents = (connection: Connection) => void;

type ClientEventName = (typeof CLIENT_EVENTS)[keyof typeof CLIENT_EVENTS];
type Answer = (connection: Connection, payload: unknown) => Promise<unknown>;

function event<S extends z.ZodType>(
  schema: S,
  run: (connection: Connection, payload: z.infer<S>) => unknown,
): Answer {
  return async (connection, payload) => {
    const parsed = schema.safeParse(payload);
    if (parsed.success) return run(connection, parsed.data);
    throw new PresenceError("bad_request", "The payload does not have the shape of this event.", {
      details: parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message })),
    });
  };
}

export function createClientEvents({
  chat,
  rooms,
  touch,
  watching,
  limits,
  logger,
}: {
  chat: Chat;
  rooms: RoomRequests;
  touch: TouchActivity;
  watching: Watching;
  limits: Limits;
  logger: Logger;
}): ReceiveEvents {
  const answers = {
    [CLIENT_EVENTS.ACTIVITY]: event(z.unknown(), ({ userId }) => touch(userId)),
    [CLIENT_EVENTS.MESSAGE_SEND]: event(messageSendSchema, async ({ userId }, message) => {
      touch(userId);
      const { id: messageId } = await chat.send({ ...message, senderId: userId });
      return { messageId };
    }),
    [CLIENT_EVENTS.PRESENCE_WATCH]: event(userIdsSchema, watching.watch),
    [CLIENT_EVENTS.PRESENCE_UNWATCH]: event(userIdsSchema, watching.unwatch),
    [CLIENT_EVENTS.CONVERSATION_JOIN]: event(conversationRefSchema, (connection, { conversationId }) =>
      rooms.join(connection, conversationId),
    ),
    [CLIENT_EVENTS.CONVERSATION_LEAVE]: event(conversationRefSchema, (connection, { conversationId }) =>
      rooms.leave(connection, conversationId),
    ),
  } satisfies Record<ClientEventName, Answer>;
  const answersByName = new Map<string, Answer>(Object.entries(answers));

  const answerTo = async (
    connection: Connection,
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
      if (ERRORS[body.code].http >= 500) logger.error({ err: error, event: name }, "event failed");
      return { success: false, error: body };
    }
  };

  return (connection) => {
    let isRefusing = false;
    connection.socket.onAny(async (name: string, ...args: unknown[]) => {
      const last = args.at(-1);
      const reply = typeof last === "function" ? last : undefined;
      const answer = await answerTo(connection, name, args[0] === reply ? undefined : args[0]);
      // A flood without acknowledgements is told so once, lest the answers be another.
      const isToldAlready = isRefusing;
      isRefusing = !answer.success && answer.error.code === "rate_limited";
      if (reply) reply(answer);
      else if (!answer.success && !(isRefusing && isToldAlready))
        connection.socket.emit("error", answer.error);
    });
  };
}
