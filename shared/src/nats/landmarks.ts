import type { Bus } from "../ports/bus.ts";

/**
 * The last messages that were read of a stream, by which it is recognized: one that was put back to an earlier state
 * and has been written on since looks like the one before, but at these places stand other messages.
 */
export interface Landmarks {
  /** `subject`: the message's, or its end, where it was read under another one. */
  note(seq: number, subject: string, data: Uint8Array): void;
  /**
   * Compares the newest message that the stream still holds of the 16 read last. `unknown`: none of them is
   * left.
   * @throws {RequestTimeout} the broker does not answer
   */
  recognize(): Promise<"same" | "other" | "unknown">;
  /** The stream is another one: forgets what was read of the former. */
  clear(): void;
}

/** Where only the last message of a subject is kept, most of a busy stream's places are soon empty. */
const KEPT = 16;

/** `bus` is asked for single messages of `stream`, none before {@link Landmarks.recognize} is called. */
export function createLandmarks(bus: Pick<Bus, "messageAt">, stream: string): Landmarks {
  let kept: { seq: number; subject: string; data: Uint8Array }[] = [];
  return {
    note(seq, subject, data) {
      kept.push({ seq, subject, data });
      if (kept.length > 2 * KEPT) kept = kept.slice(-KEPT);
    },
    async recognize() {
      for (const { seq, subject, data } of kept.slice(-KEPT).reverse()) {
        const found = await bus.messageAt(stream, seq);
        if (found) return found.subject.endsWith(subject) && isEqual(found.data, data) ? "same" : "other";
      }
      return "unknown";
    },
    clear() {
      kept = [];
    },
  };
}

const isEqual = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);
