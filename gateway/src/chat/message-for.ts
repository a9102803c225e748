import type { ChatMessage } from "@meeshy/shared/socket-events";

/** The message as this person receives it: what its sender's client has called it is the sender's alone. */
export const messageFor = (readerId: string, message: ChatMessage): ChatMessage =>
  message.senderId === readerId ? message : withoutClientId(message);

export function withoutClientId({ clientId: _, ...message }: ChatMessage): ChatMessage {
  return message;
}
