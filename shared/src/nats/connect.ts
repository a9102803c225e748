import { readFileSync } from "node:fs";
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import {
  createInbox,
  credsAuthenticator,
  type NatsConnection,
  PermissionViolationError,
} from "@nats-io/nats-core";
import { connect } from "@nats-io/transport-node";
import type { Logger } from "../runtime/logger.ts";
import { type AckInbox, createAckInbox } from "./ack-inbox.ts";
import { createGate, type Gate } from "./gate.ts";

export interface NatsConfig {
  url: string;
  user?: string | undefined;
  password?: string | undefined;
  credsFile?: string | undefined;
  tlsCa?: string | undefined;
}

/** One process' link to NATS: the connection, JetStream, and the inbox on which all its acks arrive. */
export interface NatsLink {
  nc: NatsConnection;
  js: JetStreamClient;
  jsm: JetStreamManager;
  acks: AckInbox;
  /** Bounds the consumers that are being created: each costs the server a look over the stream. */
  creations: Gate;
  /** A fresh subject that only this process may listen on. */
  newInbox(): string;
  /** true between connect and disconnect; what was published in between may still be lost */
  isUp(): boolean;
  /** Calls back on every change of the link; returns the function that ends it. */
  onChange(listener: (up: boolean) => void): () => void;
  close(): Promise<void>;
}

/** A dead link is noticed after `PING_INTERVAL_MS` × (`MAX_PINGS_OUT` + 1); an API call gives up after `API_TIMEOUT_MS`. */
const PING_INTERVAL_MS = 1_000;
const MAX_PINGS_OUT = 2;
export const API_TIMEOUT_MS = 1_000;
const CREATIONS_AT_ONCE = 4;

/**
 * Connects and stays connected: reconnects for ever, waits for a server that is not there yet.
 * `name` shows in the server's connection list and, made unique, heads the process' inboxes. What the server
 * refuses for want of a permission vanishes without a word to whoever sent it: `logger` tells of it by name.
 */
export async function openNats(config: NatsConfig, name: string, logger?: Logger): Promise<NatsLink> {
  const inboxPrefix = `_INBOX_${config.user ?? name}`;
  const nc = await connect({
    servers: config.url.split(","),
    name,
    inboxPrefix,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    reconnectJitter: 100,
    waitOnFirstConnect: true,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: MAX_PINGS_OUT,
    timeout: 5_000,
    ...(config.user === undefined ? {} : { user: config.user, pass: config.password ?? "" }),
    ...(config.credsFile === undefined
      ? {}
      : { authenticator: credsAuthenticator(readFileSync(config.credsFile)) }),
    ...(config.tlsCa === undefined ? {} : { tls: { caFile: config.tlsCa } }),
  });
  let up = true;
  const listeners = new Set<(up: boolean) => void>();
  const change = (next: boolean) => {
    if (next === up) return;
    up = next;
    for (const listener of listeners) listener(next);
  };
  const watching = (async () => {
    for await (const status of nc.status()) {
      if (status.type === "disconnect" || status.type === "close") change(false);
      if (status.type === "reconnect") change(true);
      if (status.type === "error" && status.error instanceof PermissionViolationError) {
        const { operation, subject } = status.error;
        logger?.error({ user: config.user, operation, subject }, "NATS refused: permission denied");
      }
    }
  })();
  const jsOptions = { timeout: API_TIMEOUT_MS };
  const acks = createAckInbox(nc, inboxPrefix);
  return {
    nc,
    js: jetstream(nc, jsOptions),
    jsm: await jetstreamManager(nc, { ...jsOptions, checkAPI: false }),
    acks,
    creations: createGate(CREATIONS_AT_ONCE),
    newInbox: () => createInbox(inboxPrefix),
    isUp: () => up,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      acks.close();
      await nc.close();
      await watching;
    },
  };
}
