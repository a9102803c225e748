import type { createAckTracker } from "@meeshy/shared/nats/ack-tracker";
import { type Acks, MESSAGE_TOO_LARGE } from "@meeshy/shared/ports/bus";
import type { Broker } from "./broker.ts";
import type { Link } from "./link.ts";

/** Largest message that the broker takes at all. */
export const MAX_PAYLOAD = 1024 * 1024;

export interface SimAcksParts {
  link: Link;
  broker: Broker;
  tracker: ReturnType<typeof createAckTracker>;
  isClosed: () => boolean;
}

const encoder = new TextEncoder();

/** Publishes whose acknowledgements are waited for; those of one family of subjects stay in order. */
export function createSimAcks({ link, broker, tracker, isClosed }: SimAcksParts): Acks {
  const send: Acks["send"] = (subject, data, onAck, options = {}) => {
    const token = tracker.expect(subject, onAck, options);
    if (data.length > MAX_PAYLOAD) {
      tracker.refuse(token, MESSAGE_TOO_LARGE, `the server takes ${MAX_PAYLOAD} bytes`);
      return;
    }
    if (isClosed()) return;
    const lane = `a${subject.slice(0, subject.indexOf(".", subject.indexOf(".") + 1))}`;
    link.send(() =>
      broker.append(subject, data, options, (ack) => {
        const answer = encoder.encode(JSON.stringify(ack));
        link.receive(lane, () => tracker.answer(token, answer));
      }),
    );
  };
  return {
    send,
    publish: (subject, data, options) =>
      new Promise((resolve, reject) => {
        send(subject, data, (error, ack) => (ack ? resolve(ack) : reject(error)), options);
      }),
  };
}
