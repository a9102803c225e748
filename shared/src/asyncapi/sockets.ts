import { acknowledgementSchema, CLIENT_EVENT_TABLE, SERVER_EVENT_TABLE } from "../socket-events.ts";
import { describeCloseReasons } from "./close-reasons.ts";
import { type Json, keyOf, reference, toMessage } from "./messages.ts";

/** The part of the document about Socket.IO: one channel, on which both sides send events. */

const CHANNEL = "socket";
const inChannel = (key: string) => reference("channels", CHANNEL, "messages", key);
const answerKey = (name: string) => `${keyOf(name)}.answer`;

/**
 * Channels and operations by their keys in the document; each event a client sends has its answer as a reply.
 */
export function describeSockets(): { channels: Json; operations: Json } {
  const messages: Json = {};
  const operations: Json = {};
  const channel = reference("channels", CHANNEL);
  for (const [name, { meaning, payload }] of Object.entries(SERVER_EVENT_TABLE)) {
    const key = keyOf(name);
    messages[key] = toMessage(name, meaning, payload);
    operations[`send.${key}`] = { action: "send", channel, messages: [inChannel(key)] };
  }
  for (const [name, { meaning, payload, data }] of Object.entries(CLIENT_EVENT_TABLE)) {
    const key = keyOf(name);
    messages[key] = toMessage(name, meaning, payload);
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
      [CHANNEL]: {
        address: "/",
        servers: [reference("servers", "gateway")],
        description,
        messages,
        "x-close-reasons": describeCloseReasons(),
      },
    },
    operations,
  };
}
