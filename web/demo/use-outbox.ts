"use client";

import { useEffect, useState } from "react";
import { CLIENT_EVENTS, SERVER_EVENTS } from "../presence/events.ts";
import { usePresenceState } from "../presence/hooks.ts";
import type { Presence } from "../presence/presence.ts";
import { PresenceRequestError } from "../presence/rest.ts";
import type { Acknowledgement, ChatMessage } from "../presence/wire.ts";
import { createOutbox, type Outbox } from "./outbox.ts";
import { useSession } from "./session.tsx";
import { sessionStore } from "./storage.ts";

const SEND_TIMEOUT_MS = 10_000;

/** The outbox of the person who is signed in: it tries again after each snapshot, the sign of a good connection. */
export function useOutbox(selfId: string): Outbox {
  const { presence } = useSession();
  const snapshots = usePresenceState((state) => state.snapshots);
  const [outbox] = useState(() => connectOutbox(selfId, presence));
  useEffect(() => {
    const onMessage = (message: ChatMessage) => outbox.received([message]);
    presence.socket.on(SERVER_EVENTS.MESSAGE_NEW, onMessage);
    return () => {
      presence.socket.off(SERVER_EVENTS.MESSAGE_NEW, onMessage);
      outbox.stop();
    };
  }, [outbox, presence]);
  useEffect(() => {
    if (snapshots > 0) outbox.wake();
  }, [outbox, snapshots]);
  return outbox;
}

const connectOutbox = (selfId: string, { socket, clock }: Presence): Outbox =>
  createOutbox({
    selfId,
    async send({ conversationId, content, key: clientId }) {
      const answer: Acknowledgement<{ messageId: string }> = await socket
        .timeout(SEND_TIMEOUT_MS)
        .emitWithAck(CLIENT_EVENTS.MESSAGE_SEND, { conversationId, content, clientId });
      if (!answer.success) throw new PresenceRequestError(answer.error);
      return answer.data?.messageId ?? "";
    },
    isConnected: () => socket.connected,
    now: clock.now,
    newKey: () => String(crypto.getRandomValues(new Uint32Array(2))),
    storage: sessionStore,
  });
