import type { Logger } from "@meeshy/shared/runtime/logger";
import { within } from "@meeshy/shared/within";
import { type ChannelMessage, type Question, readMessage, type Taken } from "./messages.ts";

/** The other end of a channel: of the primary a process of it, of a process the primary. */
export interface Peer {
  isConnected(): boolean;
  send(message: ChannelMessage, onSent: (error: Error | null) => void): unknown;
  onMessage(listener: (message: unknown) => void): void;
}

/** One end of the channel between the primary and a process. What waits in it is bounded. */
export interface Channel {
  /**
   * Asks the other end.
   * @throws {Error} it does not answer within `withinMs`, fails, or has ended
   */
  ask(what: Question, withinMs: number): Promise<unknown>;
  /** Sends what may be lost. Gives false when too much waits already: then it is not sent. */
  report(taken: Taken[], onSent?: () => void): boolean;
  /** Asks a process to stop, however much waits. */
  stop(): void;
}

export interface ChannelHandlers {
  answer(what: Question): unknown;
  taken(taken: Taken[]): void;
  stop(): void;
}

/** Messages that the other end has not taken yet. */
const WAITING_MAX = 64;

export function openChannel(peer: Peer, handlers: ChannelHandlers, logger: Logger): Channel {
  const asked = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  let waiting = 0;

  const send = (message: ChannelMessage, onSent = () => {}): boolean => {
    if (!peer.isConnected() || (waiting >= WAITING_MAX && message.kind !== "presence:stop")) return false;
    waiting++;
    peer.send(message, (error) => {
      waiting--;
      if (error) logger.debug({ err: error }, "message to another process not delivered");
      onSent();
    });
    return true;
  };

  const answer = async (id: number, what: Question) => {
    try {
      send({ kind: "presence:answer", id, value: await handlers.answer(what) });
    } catch (error) {
      logger.warn({ what, err: error }, "question of another process not answered");
      send({ kind: "presence:failure", id, reason: error instanceof Error ? error.message : String(error) });
    }
  };

  peer.onMessage((received) => {
    const message = readMessage(received);
    switch (message?.kind) {
      case "presence:ask":
        void answer(message.id, message.what);
        break;
      case "presence:answer":
        asked.get(message.id)?.resolve(message.value);
        break;
      case "presence:failure":
        asked.get(message.id)?.reject(new Error(message.reason));
        break;
      case "presence:taken":
        handlers.taken(message.taken);
        break;
      case "presence:stop":
        handlers.stop();
        break;
    }
  });

  return {
    async ask(what, withinMs) {
      const id = ++lastId;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      asked.set(id, { resolve, reject });
      if (!send({ kind: "presence:ask", id, what })) reject(new Error("the other process takes no messages"));
      try {
        return await within(promise, withinMs);
      } finally {
        asked.delete(id);
      }
    },
    report: (taken, onSent) => send({ kind: "presence:taken", taken }, onSent),
    stop: () => void send({ kind: "presence:stop" }),
  };
}
