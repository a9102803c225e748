import { readFileSync } from "node:fs";
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import {
  AuthorizationError,
  credsAuthenticator,
  InvalidArgumentError,
  type NatsConnection,
  PermissionViolationError,
} from "@nats-io/nats-core";
import { connect, type NodeConnectionOptions } from "@nats-io/transport-node";
import type { Bus } from "../ports/bus.ts";
import type { Logger } from "../runtime/logger.ts";
import { systemClock } from "../runtime/system-clock.ts";
import { createAcks } from "./acks.ts";
import { createNatsBus } from "./nats-bus.ts";
import { createPatience } from "./patience.ts";

export interface NatsConfig {
  url: string;
  user?: string | undefined;
  password?: string | undefined;
  credsFile?: string | undefined;
  tlsCa?: string | undefined;
}

/** The bus on a nats-server, with the client behind it for what only a real server has: service discovery, tests. */
export interface NatsLink extends Bus {
  nc: NatsConnection;
  js: JetStreamClient;
  jsm: JetStreamManager;
  /** Calls back with how long each acknowledged write took until its answer, ms. */
  onAnswer(listener: (ms: number) => void): void;
}

/**
 * A dead link is noticed after `PING_INTERVAL_MS` × (`MAX_PINGS_OUT` + 1). One whose answers take as long as
 * `PING_INTERVAL_MS` × `MAX_PINGS_OUT` looks dead: many short intervals bring the two close to each other.
 */
const PING_INTERVAL_MS = 500;
const MAX_PINGS_OUT = 5;
const RETRY_MS = 200;
/** Questions are few: were sixteen measured, a link that has become slow would lose as many. */
const QUESTIONS_MEASURED = 4;
/** Credentials that are refused for this long when a process starts are wrong. */
const REFUSED_FOR_MS = 5_000;

/**
 * Connects and stays connected. It resolves with the first connection, and waits for that for ever: a server
 * that is not there yet, or an address that is wrong, is logged once, at the first attempt, and asked again
 * every 200 ms. A caller that must not wait bounds it itself (`within`).
 *
 * A link that breaks is opened again, for ever, also where the server refuses the credentials: a reload of
 * its configuration or a storm of connects can bring that about for a moment. A link that fell silent is
 * noticed after 3 s; one whose answers take more than 2.5 s looks the same. Should the client give up all the
 * same, an uncaught error ends the process: its supervisor starts another.
 *
 * `url`: one address or several, separated by commas. `name` shows in the server's connection list; the
 * inboxes begin with `_INBOX_<user>`, without a user `_INBOX_<name>`. What the server refuses for want of a
 * permission vanishes without a word to its sender: `logger` gets user, operation and subject.
 *
 * @throws {AuthorizationError} the credentials were refused at every attempt for 5 s
 * @throws {InvalidArgumentError} an option that the client does not take
 * @throws {Error} `credsFile` cannot be read
 */
export async function openNats(config: NatsConfig, name: string, logger?: Logger): Promise<NatsLink> {
  const inboxPrefix = `_INBOX_${config.user ?? name}`;
  const nc = await connectAtFirst(
    {
      servers: config.url.split(","),
      name,
      inboxPrefix,
      maxReconnectAttempts: -1,
      ignoreAuthErrorAbort: true,
      reconnectTimeWait: 200,
      reconnectJitter: 100,
      pingInterval: PING_INTERVAL_MS,
      maxPingOut: MAX_PINGS_OUT,
      timeout: 5_000,
      ...(config.user === undefined ? {} : { user: config.user, pass: config.password ?? "" }),
      ...(config.credsFile === undefined
        ? {}
        : { authenticator: credsAuthenticator(readFileSync(config.credsFile)) }),
      ...(config.tlsCa === undefined ? {} : { tls: { caFile: config.tlsCa } }),
    },
    logger,
  );
  const ackPatience = createPatience();
  const answerListeners: ((ms: number) => void)[] = [];
  const acks = createAcks(nc, inboxPrefix, systemClock, {
    ...ackPatience,
    answered(ms) {
      ackPatience.answered(ms);
      for (const listener of answerListeners) listener(ms);
    },
  });
  const patience = createPatience(QUESTIONS_MEASURED);
  const bus = createNatsBus({ nc, clock: systemClock, inboxPrefix, patience, acks });
  let up = true;
  let changedAt = systemClock.now();
  let closing = false;
  const listeners = new Set<(up: boolean) => void>();
  const change = (next: boolean) => {
    if (next === up) return;
    up = next;
    const seconds = Math.round((systemClock.now() - changedAt) / 100) / 10;
    changedAt = systemClock.now();
    if (up) logger?.info({ seconds, server: nc.getServer() }, "the link to NATS is up again");
    else if (!closing)
      logger?.warn(
        { seconds, servers: config.url },
        "the link to NATS broke: what is to be written waits; see that nats-server runs and can be reached",
      );
    // The client drops what is sent between the two as well: of neither will there be an answer.
    acks.linkBroke();
    for (const listener of listeners) listener(next);
  };
  const watching = (async () => {
    for await (const status of nc.status()) {
      if (status.type === "disconnect" || status.type === "close") change(false);
      if (status.type === "reconnect") change(true);
      if (status.type === "error" && status.error instanceof PermissionViolationError) {
        const { operation, subject } = status.error;
        logger?.error({ user: config.user, operation, subject }, "NATS refused: permission denied");
      } else if (status.type === "error") {
        logger?.warn({ user: config.user, err: status.error }, "NATS reports an error");
      }
    }
  })();
  void nc.closed().then((cause) => {
    if (cause === undefined) return; // closed by this process
    queueMicrotask(() => {
      throw new Error("the link to NATS ended for good", { cause });
    });
  });
  return {
    ...bus,
    nc,
    js: jetstream(nc),
    jsm: await jetstreamManager(nc, { checkAPI: false }),
    isUp: () => up,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onAnswer: (listener) => void answerListeners.push(listener),
    async close() {
      closing = true;
      acks.close();
      await nc.close();
      await watching;
    },
  };
}

/** The client's own first connect gives up at the second refusal, or never, and reports nothing meanwhile. */
async function connectAtFirst(options: NodeConnectionOptions, logger?: Logger): Promise<NatsConnection> {
  let refusedSince: number | undefined;
  for (let attempt = 1; ; attempt++) {
    try {
      return await connect(options);
    } catch (error) {
      if (error instanceof InvalidArgumentError) throw error;
      const now = systemClock.now();
      refusedSince = error instanceof AuthorizationError ? (refusedSince ?? now) : undefined;
      if (refusedSince !== undefined && now - refusedSince > REFUSED_FOR_MS) throw error;
      if (attempt === 1)
        logger?.warn({ servers: options.servers, err: error }, "NATS is not there yet, trying again");
      await systemClock.sleep(RETRY_MS);
    }
  }
}
