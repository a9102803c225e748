import { z } from "zod";

/**
 * What passes between the primary and its processes, beside the messages of Node and of Socket.IO's adapter. A process
 * that was started again may be of another release than the primary: what is unknown is ignored.
 */
const question = z.enum(["unready", "metrics"]);
export type Question = z.infer<typeof question>;

/** Tokens of a limit that were taken for whom it counts. */
const taken = z.tuple([z.string(), z.string(), z.number().positive()]);
export type Taken = z.infer<typeof taken>;

const id = z.number().int();

const channelMessage = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("presence:ask"), id, what: question }),
  z.object({ kind: z.literal("presence:answer"), id, value: z.unknown() }),
  z.object({ kind: z.literal("presence:failure"), id, reason: z.string() }),
  z.object({ kind: z.literal("presence:taken"), taken: z.array(taken) }),
  z.object({ kind: z.literal("presence:stop") }),
]);
export type ChannelMessage = z.infer<typeof channelMessage>;

/** undefined: none of ours, or of a release that knows more. */
export function readMessage(message: unknown): ChannelMessage | undefined {
  const isOurs =
    typeof message === "object" &&
    message !== null &&
    "kind" in message &&
    typeof message.kind === "string" &&
    message.kind.startsWith("presence:");
  return isOurs ? channelMessage.safeParse(message).data : undefined;
}
