import type { ChatStore } from "@meeshy/shared/ports/chat-store";
import type { Lifecycle } from "@meeshy/shared/runtime/lifecycle";
import type { GatewayMetrics } from "../metrics.ts";
import { type Chat, createChat } from "./chat.ts";
import { createChatOutbox } from "./chat-outbox.ts";
import { type RelayDeps, relayChat } from "./chat-relay.ts";
import { createTyping, type Typing, type TypingDeps } from "./typing.ts";

/** The chat of this gateway: stored, published to all gateways, and passed on to its own sockets; and who types. */
export function createGatewayChat(
  deps: RelayDeps & TypingDeps & { store: ChatStore; metrics: Pick<GatewayMetrics, "chatDropped"> },
  lifecycle: Lifecycle,
): { chat: Chat; typing: Typing } {
  const outbox = createChatOutbox(deps.bus, () => deps.metrics.chatDropped.inc());
  lifecycle.onStop("chat outbox", () => outbox.stop());
  const relay = relayChat(deps);
  lifecycle.onStop("chat relay", () => relay.stop());
  const typing = createTyping(deps);
  lifecycle.onStop("typing", () => typing.stop());
  return { chat: createChat({ store: deps.store, outbox }), typing };
}
