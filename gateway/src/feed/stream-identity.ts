import { createLandmarks, type Landmarks } from "@meeshy/shared/nats/landmarks";
import type { Bus } from "@meeshy/shared/ports/bus";
import { STREAM_STATUS } from "@meeshy/shared/subjects";

/** Whether the status stream is still the one that was read: after a break of the link it may be another. */
export interface StreamIdentity {
  /** A message was read at this place; `subject`: the live one or the stored one. */
  note: Landmarks["note"];
  /** the link broke since the stream was recognized */
  isInDoubt(): boolean;
  /** `unknown`: of the messages that were read last, none is left. Rejects when the stream cannot be asked. */
  recognize(): Promise<"same" | "other" | "unknown">;
  /** The stream is another one, and is read from its beginning. */
  reset(): void;
  stop(): void;
}

export function createStreamIdentity(bus: Bus): StreamIdentity {
  const landmarks = createLandmarks(bus, STREAM_STATUS);
  let isInDoubt = false;
  const forgetLink = bus.onChange(() => {
    isInDoubt = true;
  });
  return {
    // Live and stored subjects differ in all but their last token, the user's.
    note: (seq, subject, data) => landmarks.note(seq, subject.slice(subject.lastIndexOf(".")), data),
    isInDoubt: () => isInDoubt,
    async recognize() {
      if (!isInDoubt) return "same";
      isInDoubt = false;
      try {
        return await landmarks.recognize();
      } catch (error) {
        isInDoubt = true;
        throw error;
      }
    },
    reset: () => landmarks.clear(),
    stop: forgetLink,
  };
}
