import type { Bus } from "../ports/bus.ts";

/**
 * The last messages that were read of a stream, by which it is recognized: one that was put back to an earlier state
 * and has been written on since looks like the one before, but at these places stand other messages.
 */
export interface Landmarks {
  note(seq: number, data: Uint8Array): void;
  /** `unknown`: of the messages that were read last, none is left. */
  recognize(): Promise<"same" | "other" | "unknown">;
  clear(): void;
}

/** Where only the last message of a subject is kept, most of a busy stream's places are soon empty. */
const KEPT = 16;

export function createLandmarks(bus: Pick<Bus, "messageAt">, stream: string): Landmarks {
  let kept: { seq: number; data: Uint8Array }[] = [];
  return {
    note(seq, data) {
      kept.push({ seq, data });
      if (kept.length > 2 * KEPT) kept = kept.slice(-KEPT);
    },
    async recognize() {
      for (const { seq, data } of kept.slice(-KEPT).reverse()) {
        const found = await bus.messageAt(stream, seq);
        if (found) return isEqual(found.data, data) ? "same" : "other";
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
