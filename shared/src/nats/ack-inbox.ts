import { createInbox, type MsgHdrs, type NatsConnection } from "@nats-io/nats-core";

/** JetStream's answer to a stored publish. */
export interface PubAck {
  stream: string;
  seq: number;
}

/** No answer came in time: the message may or may not have been stored. */
export class AckLost extends Error {
  constructor(subject: string) {
    super(`no acknowledgement for ${subject}`);
    this.name = "AckLost";
  }
}

/** JetStream refused the message; `code` is its `err_code` (10071: wrong last sequence). */
export class PublishRefused extends Error {
  readonly code: number;
  constructor(subject: string, code: number, description: string) {
    super(`${subject}: ${description} (${code})`);
    this.name = "PublishRefused";
    this.code = code;
  }
}

/** `err_code` of a compare-and-set whose expected sequence is not the last one. */
export const WRONG_LAST_SEQUENCE = 10071;

export const isConflict = (error: unknown): boolean =>
  error instanceof PublishRefused && error.code === WRONG_LAST_SEQUENCE;

export type AckCallback = (error: AckLost | PublishRefused | null, ack: PubAck | null) => void;

/**
 * Publishes to JetStream at core speed: one wildcard subscription receives every ack of the process.
 * An ack that has not come after `ACK_TIMEOUT_MS` counts as lost.
 */
export interface AckInbox {
  send(subject: string, data: Uint8Array, onAck: AckCallback, headers?: MsgHdrs): void;
  publish(subject: string, data: Uint8Array, headers?: MsgHdrs): Promise<PubAck>;
  close(): void;
}

export const ACK_TIMEOUT_MS = 1_000;
const LOOK_EVERY_MS = 100;

export function createAckInbox(nc: NatsConnection, inboxPrefix: string): AckInbox {
  const inbox = createInbox(inboxPrefix);
  /** insertion order is time order, since every entry waits equally long */
  const waiting = new Map<string, { subject: string; onAck: AckCallback; lostAt: number }>();
  let next = 0;
  let closed = false;

  const subscription = nc.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      if (error) return;
      const token = message.subject.slice(inbox.length + 1);
      const entry = waiting.get(token);
      if (!entry) return;
      waiting.delete(token);
      if (message.data.length === 0) {
        entry.onAck(new AckLost(entry.subject), null);
        return;
      }
      const answer = parse(message.string());
      if (answer === undefined) entry.onAck(new AckLost(entry.subject), null);
      else if (answer.error) {
        const { err_code, code, description } = answer.error;
        entry.onAck(new PublishRefused(entry.subject, err_code ?? code, description), null);
      } else entry.onAck(null, answer);
    },
  });

  const watchdog = setInterval(() => {
    const now = performance.now();
    for (const [token, entry] of waiting) {
      if (entry.lostAt > now) break;
      waiting.delete(token);
      entry.onAck(new AckLost(entry.subject), null);
    }
  }, LOOK_EVERY_MS);
  watchdog.unref();

  const send: AckInbox["send"] = (subject, data, onAck, headers) => {
    if (closed) {
      queueMicrotask(() => onAck(new AckLost(subject), null));
      return;
    }
    const token = (next++).toString(36);
    waiting.set(token, { subject, onAck, lostAt: performance.now() + ACK_TIMEOUT_MS });
    try {
      nc.publish(
        subject,
        data,
        headers ? { reply: `${inbox}.${token}`, headers } : { reply: `${inbox}.${token}` },
      );
    } catch {
      // A closed or overfull connection: the watchdog reports the ack as lost, like any other.
    }
  };
  return {
    send,
    publish: (subject, data, headers) =>
      new Promise((resolve, reject) => {
        send(subject, data, (error, ack) => (error ? reject(error) : resolve(ack as PubAck)), headers);
      }),
    close() {
      closed = true;
      clearInterval(watchdog);
      subscription.unsubscribe();
      for (const entry of waiting.values()) entry.onAck(new AckLost(entry.subject), null);
      waiting.clear();
    },
  };
}

type Answer = PubAck & { error?: { err_code?: number; code: number; description: string } };

/** A throw inside the client's callback would end its reading: what is not JSON is no answer. */
function parse(text: string): Answer | undefined {
  try {
    return JSON.parse(text) as Answer;
  } catch {
    return undefined;
  }
}
