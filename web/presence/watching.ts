import type { UserStatus } from "./wire.ts";

/** How many people one socket watches at most (CONTRACT 4). */
const WATCH_MAX = 200;
/** Changes within this time, ms, go in one message: rows that scroll past cost nothing. */
const GATHER_MS = 25;
const RETRY_MS = 2_000;
/** How often those are read who are more than a socket watches, ms. */
const REREAD_MS = 30_000;
/** How many of those are read at most. */
const READ_MAX = 2_000;

export interface WatchingDeps {
  /** Changes what the socket watches; gives the statuses of the users. Rejects when it is refused, or without an answer. */
  send(event: "presence:watch" | "presence:unwatch", userIds: string[]): Promise<UserStatus[]>;
  /** Reads at most 200 statuses over HTTP. */
  read(userIds: string[]): Promise<UserStatus[]>;
  learn(statuses: UserStatus[]): void;
}

/**
 * Keeps the socket watching those who are on the screen, whether or not the feed brings them. The first 200 are
 * watched; the others are read every 30 s.
 */
export interface Watching {
  /** Watches these people until what it gives is called. */
  watch(userIds: readonly string[]): () => void;
  /** A connection is there, which watches no one yet. */
  connected(): void;
  disconnected(): void;
}

export function createWatching({ send, read, learn }: WatchingDeps): Watching {
  /** how many places of the screen show each person */
  const places = new Map<string, number>();
  let watched = new Set<string>();
  let isConnected = false;
  let isBusy = false;
  let gather: ReturnType<typeof setTimeout> | undefined;
  let reread: ReturnType<typeof setTimeout> | undefined;
  /** counts connections: what was begun on one is not finished on the next */
  let life = 0;

  const after = (ms: number) => {
    gather ??= setTimeout(() => {
      gather = undefined;
      void flush();
    }, ms);
  };

  /** Brings the socket's list up to date; one change of it at a time. */
  const flush = async (): Promise<void> => {
    if (!isConnected || isBusy) return;
    const flushing = life;
    const ids = [...places.keys()];
    const wanted = new Set(ids.slice(0, WATCH_MAX));
    const gone = [...watched].filter((id) => !wanted.has(id));
    const come = [...wanted].filter((id) => !watched.has(id));
    readOthers(ids.slice(WATCH_MAX));
    if (gone.length + come.length === 0) return;
    isBusy = true;
    try {
      if (gone.length > 0) await send("presence:unwatch", gone);
      const statuses = come.length > 0 ? await send("presence:watch", come) : [];
      if (flushing !== life) return;
      watched = wanted;
      learn(statuses);
      after(0);
    } catch {
      if (flushing === life) after(RETRY_MS);
    } finally {
      if (flushing === life) isBusy = false;
    }
  };

  const readOthers = (ids: string[]) => {
    clearTimeout(reread);
    reread = undefined;
    if (ids.length === 0) return;
    for (let at = 0; at < Math.min(ids.length, READ_MAX); at += WATCH_MAX) {
      read(ids.slice(at, at + WATCH_MAX)).then(learn, () => {});
    }
    reread = setTimeout(() => void flush(), REREAD_MS);
  };

  return {
    watch(userIds) {
      const ids = [...new Set(userIds)];
      for (const id of ids) places.set(id, (places.get(id) ?? 0) + 1);
      after(GATHER_MS);
      return () => {
        for (const id of ids.splice(0)) {
          const rest = (places.get(id) ?? 1) - 1;
          if (rest > 0) places.set(id, rest);
          else places.delete(id);
        }
        after(GATHER_MS);
      };
    },
    connected() {
      life += 1;
      isConnected = true;
      isBusy = false;
      watched = new Set();
      after(0);
    },
    disconnected() {
      life += 1;
      isConnected = false;
      isBusy = false;
      clearTimeout(gather);
      clearTimeout(reread);
      gather = undefined;
    },
  };
}
