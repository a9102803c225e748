import type { ChatMessage } from "../presence/wire.ts";

/** A message that this person has written, until it is seen among those of the conversation. */
export interface Outgoing {
  /** what the page calls it; the server takes it once (`clientId`) */
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
  /**
   * Gives the id of the message, of the first one if it was sent before. Rejects with a `Refusal`, or with anything else
   * when there was no answer.
   */
  send(message: Pick<Outgoing, "conversationId" | "content" | "key">): Promise<string>;
  isConnected(): boolean;
  /** the server's time, ms since 1970 */
  now(): number;
  newKey(): string;
  storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
}

/**
 * Sends messages in order, one at a time, and again after an outage or a reload: the server takes each once. One that
 * arrives after all is never shown as failed.
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

export function createOutbox(deps: OutboxDeps): Outbox {
  const storedAs = `meeshy.outbox.${encodeURIComponent(deps.selfId)}`;
  const listeners = new Set<() => void>();
  /** ids of messages that have come */
  const seen = new Set<string>();
  let entries = load(deps.storage.getItem(storedAs));
  let isRunning = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const update = (next: readonly Outgoing[]) => {
    entries = next;
    const kept = entries.filter(({ state }) => state !== "sent");
    if (kept.length === 0) deps.storage.removeItem(storedAs);
    else deps.storage.setItem(storedAs, JSON.stringify(kept));
    for (const listener of listeners) listener();
  };
  const change = (entryKey: string, part: Partial<Outgoing>) =>
    update(entries.map((entry) => (entry.key === entryKey ? { ...entry, ...part } : entry)));
  const remove = (isMeant: (entry: Outgoing) => boolean) => {
    if (entries.some(isMeant)) update(entries.filter((entry) => !isMeant(entry)));
  };

  const received = (messages: readonly ChatMessage[]) => {
    for (const { id, senderId, clientId } of messages) {
      if (senderId !== deps.selfId) continue;
      seen.add(id);
      remove(({ key, messageId }) => messageId === id || key === clientId);
    }
  };

  /** Gives whether to go on with the next one. */
  const attempt = async (entry: Outgoing): Promise<boolean> => {
    change(entry.key, { state: "sending" });
    try {
      const messageId = await deps.send(entry);
      if (seen.has(messageId)) remove(({ key }) => key === entry.key);
      else change(entry.key, { state: "sent", messageId });
      return true;
    } catch (error) {
      if (isRefusal(error) && !error.retryable) {
        change(entry.key, { state: "refused", code: error.code });
        return true;
      }
      change(entry.key, { state: "waiting" });
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
      const entry = {
        key: deps.newKey(),
        conversationId,
        content,
        at: deps.now(),
        state: "waiting",
      } as const;
      update([...entries, entry]);
      void run();
    },
    retry(entryKey) {
      change(entryKey, { state: "waiting" });
      void run();
    },
    remove: (entryKey) => remove(({ key }) => key === entryKey),
    wake: () => void run(),
    received,
    stop: () => clearTimeout(timer),
  };
}

const isRefusal = (error: unknown): error is Refusal =>
  typeof error === "object" && error !== null && "code" in error && "retryable" in error;

/** What a reload found: whether it was sent is not known, and makes no difference. */
function load(stored: string | null): readonly Outgoing[] {
  try {
    const entries: Outgoing[] = JSON.parse(stored ?? "[]");
    return entries.map((entry) => (entry.state === "refused" ? entry : { ...entry, state: "waiting" }));
  } catch {
    return [];
  }
}
