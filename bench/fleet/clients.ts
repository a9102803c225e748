import type { UserStatus } from "@meeshy/shared/status";
import { openRawClient, type RawClient } from "@meeshy/shared/testing/raw-client";
import type { System } from "../systems/system.ts";

/** One socket of one person. */
export interface BenchClient {
  userId: string;
  raw: RawClient;
  /** Resolves on `authenticated`: the connection is stored, not only open. */
  authenticated: Promise<void>;
}

export interface ClientOptions {
  /** further members of the handshake's auth */
  auth?: Record<string, unknown>;
  /** A status came in at `at`, by the monotonic clock, ms. */
  onStatus?: (status: UserStatus, at: number) => void;
  onEvent?: (event: string, payload: unknown) => void;
  onClose?: (reason: string) => void;
}

export function openClient(
  system: Pick<System, "urls" | "token">,
  userId: string,
  front: number,
  { auth, onStatus, onEvent, onClose }: ClientOptions = {},
): BenchClient {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  promise.catch(() => {});
  const raw = openRawClient({
    url: system.urls[front % system.urls.length] as string,
    auth: { token: system.token(userId), ...auth },
    onEvent(event, payload) {
      if (event === "user:status") onStatus?.(payload as UserStatus, performance.now());
      else if (event === "authenticated") resolve();
      onEvent?.(event, payload);
    },
    onClose(reason) {
      reject(new Error(`${userId}: ${reason}`));
      onClose?.(reason);
    },
  });
  raw.connected.catch(reject);
  return { userId, raw, authenticated: promise };
}

const OPENING_AT_ONCE = 50;

/** Calls `open` for each of `items`, fifty at any time: the next as soon as one is done. */
export async function openEach<T>(
  items: readonly T[],
  open: (item: T, n: number) => Promise<unknown>,
): Promise<void> {
  const queue = items.entries();
  const openNext = async () => {
    for (const [n, item] of queue) await open(item, n);
  };
  await Promise.all(Array.from({ length: OPENING_AT_ONCE }, openNext));
}

/** Opens one socket for each, spread over the fronts; resolves when all are authenticated. */
export async function openClients(
  system: Pick<System, "urls" | "token">,
  userIds: readonly string[],
  optionsOf: (userId: string) => ClientOptions = () => ({}),
): Promise<BenchClient[]> {
  const clients: BenchClient[] = [];
  await openEach(userIds, (userId, n) => {
    const client = openClient(system, userId, n, optionsOf(userId));
    clients[n] = client;
    return client.authenticated;
  });
  return clients;
}

/** As socket.io-client waits by default: a second, then twice as long, up to five, each by a half more or less. */
export const stockRetryMs = (attempt: number): number =>
  Math.min(5_000, 1_000 * 2 ** attempt) * (0.5 + Math.random());

export function closeAll(clients: readonly BenchClient[]): void {
  for (const { raw } of clients) raw.vanish();
}
