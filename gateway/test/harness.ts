import { setTimeout as sleep } from "node:timers/promises";
import type { Directory, PresenceStore } from "@meeshy/shared/directory";
import type { UserMessage } from "@meeshy/shared/events";
import { type NatsLink, openNats } from "@meeshy/shared/nats/connect";
import { follow } from "@meeshy/shared/nats/follow";
import { fromBytes, toBytes } from "@meeshy/shared/nats/last-value";
import { ensureStreams } from "@meeshy/shared/nats/streams";
import type { Store } from "@meeshy/shared/ports/store";
import { parseEnv } from "@meeshy/shared/runtime/env";
import { createLifecycle } from "@meeshy/shared/runtime/lifecycle";
import type { StatusMessage } from "@meeshy/shared/status";
import { STREAM_EVENTS, SUBJECT_EVENTS_ALL, statusSetSubject } from "@meeshy/shared/subjects";
import { createTestDatabase, type TestDatabase } from "@meeshy/shared/testing/database";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats, type TestPostgres } from "@meeshy/shared/testing/servers";
import { standInForWorkers } from "@meeshy/shared/testing/stand-in-workers";
import { openTestLink } from "@meeshy/shared/testing/test-link";
import { testLogger } from "@meeshy/shared/testing/test-log";
import { openStore, prepareDatabase, type TestStore } from "@meeshy/shared/testing/test-store";
import jwt, { type SignOptions } from "jsonwebtoken";
import { Registry } from "prom-client";
import { io, type Socket } from "socket.io-client";
import { createGateway, type Gateway } from "../src/app.ts";
import { gatewayEnv, toConfig } from "../src/config.ts";

/** Real servers around gateways that run in the test's own process. */

export const SECRET = "a secret of the tests, long enough";
export const quiet = testLogger;

export const tokenFor = (
  userId: string,
  claims: object = {},
  options: SignOptions = { expiresIn: 60 },
): string => jwt.sign({ userId, ...claims }, SECRET, options);

export interface LogLine extends UserMessage {
  seq: number;
  subject: string;
}

export interface RunningGateway extends Gateway {
  /** Drains and stops it, and closes its link. */
  stop(): Promise<void>;
  url: string;
  opsPort: number | undefined;
  link: NatsLink;
  registry: Registry;
  metric(name: string): Promise<number>;
}

export interface Servers {
  nats: TestNats;
  database: TestDatabase;
  db: TestStore["db"];
  store: Store;
  /** A store with a database client of its own, the statements of which are counted. */
  ownStore(): Promise<TestStore>;
  link: NatsLink;
  /** A gateway with its own permissions on a free port, ready unless `waits` is false; stopped with the servers, if not before. */
  gateway(
    env?: Record<string, string>,
    options?: {
      waits?: boolean;
      directory?: Directory & PresenceStore;
      natsPort?: number;
      /** ms; see the gateway's configuration */
      leaveHeldMs?: number;
    },
  ): Promise<RunningGateway>;
  /** Publishes as a worker would; gives the stream sequence. */
  publishStatus(userId: string, status: Partial<StatusMessage>): Promise<number>;
  /** Everything in the log, in order. */
  readLog(): Promise<LogLine[]>;
  stop(): Promise<void>;
}

/** `postgres`: a server that the test kills; it is stopped with the others. */
export async function startServers({ postgres }: { postgres?: TestPostgres } = {}): Promise<Servers> {
  const [nats, database] = await Promise.all([
    startNats({ auth: true }),
    postgres ?? createTestDatabase("demo"),
  ]);
  if (postgres) await prepareDatabase(postgres.url, { seeds: true });
  const link = await openTestLink(nats.as("tester"));
  await ensureStreams(link, 1);
  await standInForWorkers(link);
  const { db, store, close } = await openStore(database.url);
  const running = new Set<RunningGateway>();

  const gateway: Servers["gateway"] = async (
    env = {},
    { waits = true, directory = store.directory, natsPort = nats.port, leaveHeldMs } = {},
  ) => {
    const given = {
      NATS_URL: nats.url,
      DATABASE_URL: database.url,
      JWT_SECRET: SECRET,
      PORT: "0",
      OPS_PORT: "same",
      // What tests count is of the people that they bring.
      CANARY_INTERVAL_S: "0",
      ...env,
    };
    const config = { ...nats.as("gateway"), url: `nats://127.0.0.1:${natsPort}` };
    const own = await openNats(config, "gateway", quiet);
    const registry = new Registry();
    const lifecycle = createLifecycle(quiet);
    const parsed = toConfig(parseEnv(gatewayEnv, given));
    const built = await createGateway(
      { link: own, directory, store, registry, logger: quiet },
      leaveHeldMs === undefined ? parsed : { ...parsed, leaveHeldMs },
      lifecycle,
    );
    const { port, opsPort } = await built.listen();
    const started: RunningGateway = {
      ...built,
      url: `http://127.0.0.1:${port}`,
      opsPort,
      link: own,
      registry,
      async metric(name) {
        const found = await registry.getSingleMetric(name)?.get();
        return (found?.values ?? []).reduce((sum, { value }) => sum + value, 0);
      },
      async stop() {
        if (!running.delete(started)) return;
        await lifecycle.stop();
        await own.close();
      },
    };
    running.add(started);
    if (waits) await eventually(() => built.unready().length === 0, { what: "the gateway is ready" });
    return started;
  };

  return {
    nats,
    database,
    db,
    store,
    ownStore: () => openStore(database.url),
    link,
    gateway,
    async publishStatus(userId, status) {
      const at = new Date().toISOString();
      const whole: StatusMessage = {
        userId,
        username: userId,
        displayName: null,
        isAnonymous: false,
        isOnline: true,
        availability: "available",
        statusText: null,
        statusExpiresAt: null,
        lastActiveAt: at,
        lastSeen: at,
        epoch: 1,
        version: 1,
        cause: "connect",
        at,
        conversationIds: [],
        directoryVersion: 0,
        ...status,
      };
      return (await link.acks.publish(statusSetSubject(userId), toBytes(whole))).seq;
    },
    readLog: () => readLog(link),
    async stop() {
      await Promise.all([...running].map((started) => started.stop()));
      await link.close();
      await close();
      await Promise.all([nats.stop(), database.stop()]);
    },
  };
}

async function readLog(link: NatsLink): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const following = follow(link, {
    stream: STREAM_EVENTS,
    filter: SUBJECT_EVENTS_ALL,
    from: 1,
    onMessage: ({ seq, subject, data }) => {
      lines.push({ ...(fromBytes(data) as UserMessage), seq, subject });
    },
    onCaughtUp: resolve,
    logger: quiet,
  });
  await promise;
  await following.stop();
  return lines;
}

export interface Client {
  socket: Socket;
  /** everything received, in order, `connect_error` and `disconnect` included */
  received: { event: string; payload: unknown }[];
  /** the payloads of one event so far */
  all<T = Record<string, unknown>>(event: string): T[];
  /** Waits for the n-th (from 1) of an event. */
  nth<T = Record<string, unknown>>(event: string, n?: number): Promise<T>;
  /** the names of all events, but for those about how fresh the view is: a busy machine may make it out of date */
  events(): string[];
  ask(
    event: string,
    payload?: unknown,
  ): Promise<{ success: boolean; data?: unknown; error?: { code: string } }>;
  close(): void;
}

/** Long: that there is an answer is what counts, on a busy machine too. */
const ANSWERED_WITHIN_MS = 30_000;

/** A real client; `auth` as in the handshake. */
export function openClient(url: string, auth: object, options: object = {}): Client {
  const socket = io(url, {
    auth,
    transports: ["websocket"],
    forceNew: true,
    reconnection: false,
    ...options,
  });
  const received: Client["received"] = [];
  socket.onAny((event, payload) => received.push({ event, payload }));
  socket.on("connect_error", (error) =>
    received.push({ event: "connect_error", payload: "data" in error ? error.data : error.message }),
  );
  socket.on("disconnect", (reason) => received.push({ event: "disconnect", payload: reason }));
  const all = <T>(event: string) =>
    received.filter((one) => one.event === event).map(({ payload }) => payload as T);
  return {
    socket,
    received,
    all,
    events: () =>
      received.map(({ event }) => event).filter((event) => !/^presence:(stale|fresh)$/.test(event)),
    nth: <T>(event: string, n = 1) =>
      eventually(() => all<T>(event)[n - 1] as T | undefined, { what: `${event} number ${n}` }) as Promise<T>,
    ask: (event, payload) =>
      payload === undefined
        ? socket.timeout(ANSWERED_WITHIN_MS).emitWithAck(event)
        : socket.timeout(ANSWERED_WITHIN_MS).emitWithAck(event, payload),
    close: () => socket.disconnect(),
  };
}

/** Connects as a demo user and waits for the first snapshot. */
export async function signIn(url: string, userId: string, options: object = {}): Promise<Client> {
  const client = openClient(url, { token: tokenFor(userId) }, options);
  await client.nth("presence:snapshot");
  return client;
}

/**
 * For what must not happen: passes on something that must, on the same path, and lets stragglers arrive.
 * The claim rests on the order of the path, not on the pause.
 */
export const settle = () => sleep(50);

export async function call(
  url: string,
  path: string,
  { as, ...init }: RequestInit & { as?: string } = {},
): Promise<{ status: number; headers: Headers; body: Record<string, unknown> }> {
  const headers = {
    ...(as === undefined ? {} : { authorization: `Bearer ${tokenFor(as)}` }),
    ...init.headers,
  };
  const answer = await fetch(url + path, { ...init, headers });
  return {
    status: answer.status,
    headers: answer.headers,
    body: (await answer.json()) as Record<string, unknown>,
  };
}
