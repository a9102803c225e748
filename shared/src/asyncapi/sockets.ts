import type { z } from "zod";
import { acknowledgementSchema, CLIENT_PAYLOADS, SERVER_PAYLOADS } from "../payloads.ts";
import type { ClientToServerEvents, ServerToClientEvents } from "../socket-events.ts";
import { type Json, keyOf, reference, toMessage } from "./messages.ts";

/** The part of the document about Socket.IO: one channel, on which both sides send events. */

const SAYS: Record<keyof ServerToClientEvents, string> = {
  authenticated: "The connection is in the log",
  "presence:snapshot": "Everyone online whom the viewer may see; `partial`: of the named users only",
  "user:status": "A status has changed",
  "user:status:batch": "Statuses have changed, for clients that asked for batches",
  "presence:occupancy": "How many members of a large conversation are online",
  "presence:stale": "The gateway has lost its feed: what is shown may be out of date",
  "presence:fresh": "The gateway has its feed again",
  "message:new": "A chat message",
  "session:replaced": "A newer connection has replaced this one",
  "auth:expired": "The token has run out",
  "server:draining": "The gateway is about to stop: reconnect after this time",
  error: "An event without an acknowledgement was refused",
};

const ASKS: Record<keyof ClientToServerEvents, string> = {
  "message:send": "Sends a chat message; counts as activity",
  activity: "The person did something",
  "presence:watch": "Users on screen",
  "presence:unwatch": "Users no longer on screen",
  "conversation:join": "Lets this connection into a conversation of the person's own",
  "conversation:leave": "Takes this connection out of a conversation",
};

const CHANNEL = "socket";
const inChannel = (key: string) => reference("channels", CHANNEL, "messages", key);
const answerKey = (name: string) => `${keyOf(name)}.answer`;

export function describeSockets(): { channels: Json; operations: Json } {
  const messages: Json = {};
  const operations: Json = {};
  const channel = reference("channels", CHANNEL);
  for (const [name, payload] of Object.entries(SERVER_PAYLOADS)) {
    const key = keyOf(name);
    messages[key] = toMessage(name, SAYS[name as keyof typeof SAYS], payload);
    operations[`send.${key}`] = { action: "send", channel, messages: [inChannel(key)] };
  }
  const asked: [string, { payload: z.ZodType | null; data: z.ZodType | null }][] =
    Object.entries(CLIENT_PAYLOADS);
  for (const [name, { payload, data }] of asked) {
    const key = keyOf(name);
    messages[key] = toMessage(name, ASKS[name as keyof typeof ASKS], payload);
    messages[answerKey(name)] = toMessage(
      `${name}.answer`,
      `The acknowledgement of ${name}`,
      acknowledgementSchema(data),
    );
    operations[`receive.${key}`] = {
      action: "receive",
      channel,
      messages: [inChannel(key)],
      reply: { channel, messages: [inChannel(answerKey(name))] },
    };
  }
  const description = "The main namespace. Each message is the Socket.IO event of its name.";
  return {
    channels: {
      [CHANNEL]: { address: "/", servers: [reference("servers", "gateway")], description, messages },
    },
    operations,
  };
}
