import { openRawClient, type RawClient } from "@meeshy/shared/testing/raw-client";
import type { Viewer } from "../oracle/convergence.ts";
import type { Ending, Times } from "../oracle/history.ts";
import type { Random } from "../random.ts";
import type { Recorder, Socket } from "./recorder.ts";

/** One person's client: it has at most one socket that it calls its own, and comes back when it is dropped. */
export interface Client {
  /** Wants to be connected from now on. */
  connect(): void;
  isConnected(): boolean;
  /** since when it wants a connection with a view and has none; null: it has one, or wants none */
  unservedSince(): number | null;
  /** Its socket and its view, while it has one. */
  viewer(): Viewer | undefined;
  act(): void;
  say(conversationId: string): void;
  /** Ends the connection in its own way, and stays away until `connect`. */
  end(how: Exclude<Ending, "dropped" | "refused">): void;
  /** Looks whether the server has fallen silent. */
  watch(): void;
  stop(): void;
}

export interface ClientOptions {
  userId: string;
  /** number of the client */
  id: number;
  token: string;
  gateways: readonly string[];
  home: number;
  times: Times;
  random: Random;
  recorder: Recorder;
}

/** Stock clients wait 0.5 to 1 s at first; a run of a few minutes is in more of a hurry. */
const BACK_OFF_MS = [100, 500] as const;
/** How often a client that comes of its own accord takes its first gateway: faults must not drive all to one. */
const GOES_HOME = 0.7;
const CONNECT_WITHIN_MS = 2_000;

interface Own {
  raw: RawClient;
  socket: Socket;
  /** bytes read when it was last looked at, and since when they are the same */
  lastRead: { bytes: number; at: number };
}

export function createClient(options: ClientOptions): Client {
  const { userId, id, token, gateways, times, random, recorder } = options;
  /** sockets that are no longer this client's own and must not outlive the run */
  const abandoned = new Set<RawClient>();
  let gateway = options.home;
  /** it was served since its person opened it: what it opens now it opens by itself */
  let hasBeenServed = false;
  let own: Own | undefined;
  let wantedSince: number | null = null;
  let retry: NodeJS.Timeout | undefined;

  const open = () => {
    const isResumed = hasBeenServed;
    const socket = recorder.open({ userId, client: id, gateway, isResumed });
    const raw = openRawClient({
      url: gateways[gateway] as string,
      auth: isResumed ? { token, resumed: true } : { token },
      onEvent: (event, payload) => {
        socket.received(event, payload);
        if (!socket.isServed()) return;
        hasBeenServed = true;
        wantedSince = null;
      },
      onClose: (reason) => {
        abandoned.delete(raw);
        socket.end(reason === "refused" || reason.includes("ECONNREFUSED") ? "refused" : "dropped");
        if (own?.raw === raw) comeBack();
      },
    });
    own = { raw, socket, lastRead: { bytes: 0, at: performance.now() } };
  };

  const comeBack = () => {
    own = undefined;
    wantedSince ??= performance.now();
    gateway = (gateway + 1) % gateways.length;
    retry = setTimeout(open, random.between(...BACK_OFF_MS));
  };

  const giveUp = ({ raw, socket }: Own) => {
    socket.end("vanished");
    raw.vanish();
  };

  const request = (deed: "activity" | "message", payload: object | undefined) => {
    if (!own?.socket.isServed()) return undefined;
    own.socket.did(deed);
    const args = payload === undefined ? [] : [payload];
    const event = deed === "activity" ? "activity" : "message:send";
    // A socket that ends takes its open requests with it; nothing was promised then.
    return own.raw
      .request<{ success: boolean; data?: { messageId: string } }>(event, ...args)
      .catch(() => undefined);
  };

  return {
    connect() {
      if (own || wantedSince !== null) return;
      wantedSince = performance.now();
      hasBeenServed = false;
      if (random.next() < GOES_HOME) gateway = options.home;
      open();
    },
    isConnected: () => own?.socket.isServed() ?? false,
    unservedSince: () => wantedSince,
    viewer: () =>
      own?.socket.isServed() ? { connection: own.socket.connection, view: own.socket.view } : undefined,
    act: () => void request("activity", undefined),
    say(conversationId) {
      const sentAt = performance.now();
      const via = gateway;
      const content = `${userId} ${Math.round(sentAt)}`;
      void request("message", { conversationId, content })?.then((answer) => {
        if (!answer?.success || !answer.data) return;
        recorder.acknowledged({ id: answer.data.messageId, conversationId, gateway: via, sentAt });
      });
    },
    end(how) {
      clearTimeout(retry);
      wantedSince = null;
      if (!own) return;
      const { raw, socket } = own;
      own = undefined;
      socket.end(how);
      if (how === "left") raw.leave();
      else if (how === "closed") raw.close();
      else if (how === "vanished") raw.vanish();
      else {
        raw.freeze();
        abandoned.add(raw);
      }
    },
    watch() {
      if (!own) return;
      const now = performance.now();
      const bytes = own.raw.bytesRead();
      if (bytes !== own.lastRead.bytes) own.lastRead = { bytes, at: now };
      const isSilent = own.raw.isOpen()
        ? now - own.lastRead.at > times.pingIntervalMs + times.pingTimeoutMs
        : now - own.socket.connection.openedAt > CONNECT_WITHIN_MS;
      if (isSilent) giveUp(own);
    },
    stop() {
      clearTimeout(retry);
      const last = own;
      own = undefined;
      if (last) giveUp(last);
      for (const raw of abandoned) raw.vanish();
    },
  };
}
