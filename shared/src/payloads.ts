import { z } from "zod";
import { ERRORS, type ErrorBody, type ErrorCode } from "./codes.ts";
import type { ClientToServerEvents, ServerToClientEvents } from "./socket-events.ts";
import { conversationRefSchema, messageSendSchema, userIdsSchema } from "./socket-events.ts";
import { userStatusSchema } from "./status.ts";

/** Every payload on Socket.IO as a schema (CONTRACT 4): what `docs/asyncapi.json` is made from. */

const id = z.string();
const isoTime = z.iso.datetime();

/** What a caller is told of a failure, on Socket.IO, HTTP and NATS alike. */
export const errorBodySchema = z.object({
  code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
  retryable: z.boolean(),
  retryAfterMs: z.number().exactOptional(),
  details: z.unknown().optional(),
}) satisfies z.ZodType<ErrorBody>;

export const chatMessageSchema = z.object({
  id,
  conversationId: id,
  senderId: id,
  content: z.string(),
  createdAt: isoTime,
});

const occupancySchema = z.object({
  conversationId: id,
  online: z.int().nonnegative(),
  total: z.int().nonnegative(),
});

type Payload<E> = E extends () => void ? null : E extends (payload: infer P) => void ? z.ZodType<P> : never;

/** `null`: the event carries nothing. */
export const SERVER_PAYLOADS = {
  authenticated: z.object({
    success: z.literal(true),
    user: z.object({ id, username: z.string().nullable(), isAnonymous: z.boolean() }),
    connectionId: id,
  }),
  "presence:snapshot": z.object({
    users: z.array(userStatusSchema),
    occupancy: z.array(occupancySchema),
    partial: z.literal(true).exactOptional(),
  }),
  "user:status": userStatusSchema,
  "user:status:batch": z.array(userStatusSchema),
  "presence:occupancy": occupancySchema,
  "presence:stale": z.object({ since: isoTime }),
  "presence:fresh": z.object({ at: isoTime }),
  "message:new": chatMessageSchema,
  "session:replaced": null,
  "auth:expired": null,
  "server:draining": z.object({ reconnectAfterMs: z.int().nonnegative() }),
  error: errorBodySchema,
} as const satisfies { [E in keyof ServerToClientEvents]: Payload<ServerToClientEvents[E]> };

interface ClientEvent {
  payload: z.ZodType | null;
  /** what a success carries */
  data: z.ZodType | null;
}

/** The users watched now. */
const watched = z.object({ users: z.array(userStatusSchema) });

export const CLIENT_PAYLOADS = {
  "message:send": { payload: messageSendSchema, data: z.object({ messageId: id }) },
  activity: { payload: null, data: null },
  "presence:watch": { payload: userIdsSchema, data: watched },
  "presence:unwatch": { payload: userIdsSchema, data: watched },
  "conversation:join": { payload: conversationRefSchema, data: null },
  "conversation:leave": { payload: conversationRefSchema, data: null },
} as const satisfies Record<keyof ClientToServerEvents, ClientEvent>;

/** How an event is acknowledged, given what its success carries. */
export const acknowledgementSchema = (data: z.ZodType | null): z.ZodType =>
  z.discriminatedUnion("success", [
    z.object({ success: z.literal(true), ...(data ? { data } : {}) }),
    z.object({ success: z.literal(false), error: errorBodySchema }),
  ]);
