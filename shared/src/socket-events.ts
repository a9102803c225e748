import { z } from "zod";
import { toLine, toLines } from "./client-text.ts";
import { ERRORS, type ErrorBody, type ErrorCode } from "./codes.ts";
import type { ClientEventName, ServerEventName } from "./event-names.ts";
import { AVAILABILITIES } from "./status.ts";
import { userStatusSchema } from "./status-schema.ts";
import { MAX_ID_LENGTH } from "./subjects.ts";

/**
 * Every event on Socket.IO (CONTRACT 4): its meaning and its payload. The types of both sides, what gateways accept and
 * `docs/asyncapi.json` derive from the two tables; the names are in `event-names.ts`, which a browser loads without zod.
 */

const id = z.string();
const isoTime = z.iso.datetime();

/** What a caller is answered upon a failure, on Socket.IO, HTTP and NATS alike. */
export const errorBodySchema = z.object({
  code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  retryable: z.boolean(),
  retryAfterMs: z.number().exactOptional(),
  details: z.unknown().optional(),
}) satisfies z.ZodType<ErrorBody>;

/** Form of a {@link ChatMessage}. */
export const chatMessageSchema = z.object({
  id,
  conversationId: id,
  senderId: id,
  content: z.string(),
  createdAt: isoTime,
  /** what the sender's client has called it; only the sender receives it */
  clientId: z.string().exactOptional(),
});
/** A chat message as members receive it; `createdAt`: ISO 8601. */
export type ChatMessage = z.infer<typeof chatMessageSchema>;

/** Form of a {@link TypingNotice}. */
export const typingNoticeSchema = z.object({ conversationId: id, userId: id, at: isoTime });
/** That a member types in a conversation; `at`: the broker's time. */
export type TypingNotice = z.infer<typeof typingNoticeSchema>;

const occupancySchema = z.object({
  conversationId: id,
  online: z.int().nonnegative(),
  total: z.int().nonnegative(),
});
/** How many of a large conversation's `total` members are online. */
export type Occupancy = z.infer<typeof occupancySchema>;

const snapshotSchema = z.object({
  users: z.array(userStatusSchema),
  occupancy: z.array(occupancySchema),
  /** the broker's time, by which clients say how old dates are; absent: not known, or sent by an earlier release */
  serverTime: isoTime.exactOptional(),
  partial: z.literal(true).exactOptional(),
});
/**
 * A view that replaces the one before: all of it, where who is absent is offline; with `partial`, of the named users.
 */
export type PresenceSnapshot = z.infer<typeof snapshotSchema>;

const choice = z.object({ availability: z.enum(AVAILABILITIES), statusText: z.string().nullable() });
const endingChoice = choice.extend({ expiresAt: isoTime.nullable() });
/** All that was chosen for a person (CONTRACT 5). */
export const choicesSchema = z.object({
  standing: choice,
  timed: endingChoice.nullable(),
  services: z.array(endingChoice.extend({ source: z.string() })),
});
const selfSchema = z.object({
  /** as others see the person */
  user: userStatusSchema,
  choices: choicesSchema,
  connections: z.array(
    z.object({ connectionId: id, device: z.string().nullable(), since: isoTime, current: z.boolean() }),
  ),
});
/** What a person's own sockets hear of the person. */
export type PresenceSelf = z.infer<typeof selfSchema>;

interface ServerEvent {
  meaning: string;
  /** `null`: the event carries nothing */
  payload: z.ZodType | null;
}

/** What gateways send. */
export const SERVER_EVENT_TABLE = {
  authenticated: {
    meaning: "The connection is in the log",
    payload: z.object({
      success: z.literal(true),
      user: z.object({ id, username: z.string().nullable(), isAnonymous: z.boolean() }),
      connectionId: id,
    }),
  },
  "presence:snapshot": {
    meaning: "Everyone online whom the viewer may see; `partial`: of the named users only",
    payload: snapshotSchema,
  },
  "presence:self": {
    meaning:
      "What was chosen for the person, what others see of them, and their connections; to their own sockets",
    payload: selfSchema,
  },
  "user:status": { meaning: "A status has changed", payload: userStatusSchema },
  "user:status:batch": {
    meaning: "Statuses have changed, for clients that asked for batches",
    payload: z.array(userStatusSchema),
  },
  "presence:occupancy": {
    meaning: "How many members of a large conversation are online",
    payload: occupancySchema,
  },
  "presence:stale": {
    meaning:
      "What is shown may be out of date: statuses do not arrive (`feed`), events are not processed, or nothing can be stored",
    payload: z.object({ since: isoTime, reason: z.enum(["feed", "not-processing", "storage"]) }),
  },
  "presence:fresh": { meaning: "What is shown is right again", payload: z.object({ at: isoTime }) },
  "message:new": { meaning: "A chat message", payload: chatMessageSchema },
  typing: {
    meaning: "A member types; to the other members who may see them, and worth nothing after some seconds",
    payload: typingNoticeSchema,
  },
  "session:replaced": { meaning: "A newer connection has replaced this one", payload: null },
  "auth:expiring": {
    meaning: "The token is about to run out: renew it",
    payload: z.object({ expiresAt: isoTime }),
  },
  "auth:expired": { meaning: "The token has run out", payload: null },
  "server:draining": {
    meaning: "The gateway is about to stop: reconnect after this time",
    payload: z.object({ reconnectAfterMs: z.int().nonnegative() }),
  },
  error: { meaning: "An event without an acknowledgement was refused", payload: errorBodySchema },
} as const satisfies Record<ServerEventName, ServerEvent>;

const givenId = z.string().min(1).max(MAX_ID_LENGTH);
const MESSAGE_MAX = 10_000;
/** Longest token, in UTF-16 code units. */
export const TOKEN_MAX = 8_192;
/** How many people one socket watches at most. */
export const WATCH_MAX = 200;

/** Longest name that a client gives a message, in UTF-16 code units. */
const CLIENT_ID_MAX = 64;
const clientId = z
  .string()
  .min(1)
  .max(CLIENT_ID_MAX)
  .refine((text) => toLine(text) === text, "no control characters, and well-formed text");

/** Form of a {@link MessageSend}. */
export const messageSendSchema = z.object({
  conversationId: givenId,
  content: z.string().max(MESSAGE_MAX).overwrite(toLines).min(1),
  clientId: clientId.exactOptional(),
});
/**
 * What a client sends to a conversation: 1 to 10,000 UTF-16 code units, without control characters but for its layout.
 * With the same `clientId` twice of one sender it is one message, the first.
 */
export type MessageSend = z.infer<typeof messageSendSchema>;
/** Form of a {@link TypingSign}. */
const typingSignSchema = z.object({ conversationId: givenId, isTyping: z.boolean().exactOptional() });
/** That the person types, or with `isTyping` false no longer does, which is passed on to no one. */
export type TypingSign = z.infer<typeof typingSignSchema>;
const userIdsSchema = z.object({ userIds: z.array(givenId).max(WATCH_MAX) });
/** Ids of people, at most {@link WATCH_MAX}. */
export type UserIds = z.infer<typeof userIdsSchema>;
const conversationRefSchema = z.object({ conversationId: givenId });
/** The users watched now. */
const watchedSchema = z.object({ users: z.array(userStatusSchema) });

interface ClientEvent extends ServerEvent {
  /** what the acknowledgement of a success carries; `null`: nothing */
  data: z.ZodType | null;
}

/** What clients send; each event is acknowledged. */
export const CLIENT_EVENT_TABLE = {
  "message:send": {
    meaning: "Sends a chat message; counts as activity",
    payload: messageSendSchema,
    data: z.object({ messageId: id }),
  },
  typing: {
    meaning: "The person types in a conversation; counts as no activity",
    payload: typingSignSchema,
    data: null,
  },
  activity: { meaning: "The person did something", payload: null, data: null },
  "auth:renew": {
    meaning: "The connection lives as long as this token of the same person",
    payload: z.object({ token: z.string().min(1).max(TOKEN_MAX) }),
    data: z.object({ expiresAt: isoTime }),
  },
  "presence:watch": { meaning: "Users on screen", payload: userIdsSchema, data: watchedSchema },
  "presence:unwatch": { meaning: "Users no longer on screen", payload: userIdsSchema, data: watchedSchema },
  "conversation:join": {
    meaning: "Lets this connection into a conversation of the person's own",
    payload: conversationRefSchema,
    data: null,
  },
  "conversation:leave": {
    meaning: "Takes this connection out of a conversation",
    payload: conversationRefSchema,
    data: null,
  },
} as const satisfies Record<ClientEventName, ClientEvent>;

type ServerTable = typeof SERVER_EVENT_TABLE;
type ClientTable = typeof CLIENT_EVENT_TABLE;
/** The arguments of a payload. */
type Arguments<P> = P extends z.ZodType ? [payload: z.infer<P>] : [];

/** Type argument of a Socket.IO server or client: what the server emits. */
export type ServerToClientEvents = {
  [E in ServerEventName]: (...payload: Arguments<ServerTable[E]["payload"]>) => void;
};

/** How each event of a client is answered. */
export type Acknowledgement<T = undefined> =
  | { success: true; data?: T }
  | { success: false; error: ErrorBody };
type Reply<D> = (answer: Acknowledgement<D extends z.ZodType ? z.infer<D> : undefined>) => void;

/** Type argument of a Socket.IO server or client: what clients emit. */
export type ClientToServerEvents = {
  [E in ClientEventName]: (
    ...payload: [...Arguments<ClientTable[E]["payload"]>, reply?: Reply<ClientTable[E]["data"]>]
  ) => void;
};

/** How an event is acknowledged, given what its success carries. */
export const acknowledgementSchema = (data: z.ZodType | null): z.ZodType =>
  z.discriminatedUnion("success", [
    z.object({ success: z.literal(true), ...(data ? { data } : {}) }),
    z.object({ success: z.literal(false), error: errorBodySchema }),
  ]);
