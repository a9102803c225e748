import type { ChatMessage } from "../presence/wire.ts";

/** A message that this person has written, until it is seen among those of the conversation. */
export interface Outgoing {
  key: string;
  conversationId: string;
  content: string;
  /** when it was written, ms since 1970, by the server's clock */
  at: number;
  /**
   * - `sending`: the server has been asked
   * - `waiting`: it is tried again by itself
   * - `sent`: accepted, and on its way back
   * - `refused`: it will not be accepted as it is; `code` says why
   */
  state: "sending" | "waiting" | "sent" | "refused";
  /** it may have arrived although there was no answer */
  isUncertain: boolean;
  messageId?: string;
  code?: string;
}

/** Why a message was not accepted; any other error leaves it open whether it was. */
interface Refusal {
  code: string;
  retryable: boolean;
}

export interface OutboxDeps {
  selfId: string;
  /** Gives the id of the message. Rejects with a `Refusal`, or with anything else when there was no answer. */
  send(conversationId: string, content: string): Promise<string>;
  /** The newest messages of a conversation. */
  recent(conversationId: string): Promise<readonly ChatMessage[]>;
  isConnected(): boolean;
  /** the server's time, ms since 1970 */
  now(): number;
  newKey(): string;
  storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
}

/**
 * Sends messages in order, one at a time, and again after an outage. A message that may have arrived is looked for before
 * it is sent again, and is never shown as failed when it arrives after all.
 */
export interface Outbox {
  subscribe(listener: () => void): () => void;
  entries(): readonly Outgoing[];
  add(conversationId: string, content: string): void;
  /** Tries again what was refused. */
  retry(key: string): void;
  remove(key: string): void;
  /** The connection is there again. */
  wake(): void;
  /** Messages of the server, live or read. */
  received(messages: readonly ChatMessage[]): void;
  stop(): void;
}

const RETRY_MS = 3_000;
/** By how much the clocks of the page and of the server may differ, ms. */
const CLOCKS_DIFFER_MS = 5_000;

export function createOutbox(deps: OutboxDeps): Outbox {
  const key = `meeshy.outbox.${encodeURIComponent(deps.selfId)}`;
  const listeners = new Set<() => void>();
  const claimed = new Set<string>();
  let entries = load(deps.storage.getItem(key));
  let isRunning = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const update = (next: readonly Outgoing[]) => {
    entries = next;
    const kept = entries.filter(({ state }) => state !== "sent");
    if (kept.length === 0) deps.storage.removeItem(key);
    else deps.storage.setItem(key, JSON.stringify(kept));
    for (const listener of listeners) listener();
  };
  const change = (entryKey: string, part: Partial<Outgoing>) =>
    update(entries.map((entry) => (entry.key === entryKey ? { ...entry, ...part } : entry)));
  const has = (entryKey: string) => entries.some((entry) => entry.key === entryKey);

  const received = (messages: readonly ChatMessage[]) => {
    for (const message of messages) {
      const entry = entries.find((one) => isThis(one, message, deps.selfId));
      if (entry === undefined || claimed.has(message.id)) continue;
      claimed.add(message.id);
      update(entries.filter((one) => one !== entry));
    }
  };

  /** Gives whether to go on with the next one. */
  const attempt = async (entry: Outgoing): Promise<boolean> => {
    change(entry.key, { state: "sending" });
    try {
      if (entry.isUncertain) {
        received(await deps.recent(entry.conversationId));
        if (!has(entry.key)) return true;
      }
      const messageId = await deps.send(entry.conversationId, entry.content);
      // One that came back before its answer is not there any more.
      change(entry.key, { state: "sent", messageId });
      return true;
    } catch (error) {
      if (isRefusal(error) && !error.retryable) {
        change(entry.key, { state: "refused", code: error.code });
        return true;
      }
      change(entry.key, { state: "waiting", isUncertain: true });
      return false;
    }
  };

  const run = async () => {
    if (isRunning) return;
    isRunning = true;
    clearTimeout(timer);
    try {
      for (;;) {
        const next = entries.find(({ state }) => state === "waiting");
        if (next === undefined || !deps.isConnected()) return;
        if (!(await attempt(next))) {
          timer = setTimeout(() => void run(), RETRY_MS);
          return;
        }
      }
    } finally {
      isRunning = false;
    }
  };

  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    entries: () => entries,
    add(conversationId, content) {
      const state = "waiting";
      const entry = {
        key: deps.newKey(),
        conversationId,
        content,
        at: deps.now(),
        state,
        isUncertain: false,
      };
      update([...entries, entry as Outgoing]);
      void run();
    },
    retry(entryKey) {
      change(entryKey, { state: "waiting" });
      void run();
    },
    remove: (entryKey) => update(entries.filter((entry) => entry.key !== entryKey)),
    wake: () => void run(),
    received,
    stop: () => clearTimeout(timer),
  };
}

function isThis(entry: Outgoing, message: ChatMessage, selfId: string): boolean {
  if (entry.messageId !== undefined) return entry.messageId === message.id;
  return (
    message.senderId === selfId &&
    message.conversationId === entry.conversationId &&
    message.content === entry.content &&
    Date.parse(message.createdAt) > entry.at - CLOCKS_DIFFER_MS
  );
}

const isRefusal = (error: unknown): error is Refusal =>
  typeof error === "object" && error !== null && "code" in error && "retryable" in error;

/** What a reload found: whether it was sent is not known. */
function load(stored: string | null): readonly Outgoing[] {
  try {
    const entries: Outgoing[] = JSON.parse(stored ?? "[]");
    return entries.map((entry) =>
      entry.state === "refused" ? entry : { ...entry, state: "waiting", isUncertain: true },
    );
  } catch {
    return [];
  }
}
