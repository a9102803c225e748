import type { ChatStore } from "@meeshy/shared/ports/chat-store";
import type { Lifecycle } from "@meeshy/shared/runtime/lifecycle";
import { type Chat, createChat } from "./chat.ts";
import { createChatOutbox } from "./chat-outbox.ts";
import { type RelayDeps, relayChat } from "./chat-relay.ts";

/** The chat of this gateway: stored, published to all gateways, and passed on to its own sockets. */
export function createGatewayChat(deps: RelayDeps & { store: ChatStore }, lifecycle: Lifecycle): Chat {
  const outbox = createChatOutbox(deps.bus);
  lifecycle.onStop("chat outbox", () => outbox.stop());
  const relay = relayChat(deps);
  lifecycle.onStop("chat relay", () => relay.stop());
  return createChat({ store: deps.store, outbox });
}
