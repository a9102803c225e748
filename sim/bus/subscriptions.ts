import type { Bus } from "@meeshy/shared/ports/bus";
import type { Broker, Delivered } from "./broker.ts";
import type { Link } from "./link.ts";

/** One process' core subscriptions: made anew with each connection, each in order for itself. */
export function createSubscribe(link: Link, broker: Broker): Bus["subscribe"] {
  let count = 0;
  return (pattern, onMessage, { queue } = {}) => {
    const lane = `s${count++}`;
    let isOpen = true;
    const deliver = ({ subject, data, seq, reply }: Delivered) =>
      link.receive(lane, () => {
        if (!isOpen) return;
        const respond = (answer = new Uint8Array()) => link.send(() => reply?.(answer));
        onMessage({ subject, data, seq, respond });
      });
    const end = link.onSession(() => {
      let stop = () => {};
      let isOver = false;
      // The connection's own first command: it arrives before anything that is sent after it.
      link.send(() => {
        if (!isOver && isOpen) stop = broker.subscribe({ pattern, queue, deliver });
      });
      return () => {
        isOver = true;
        stop();
      };
    });
    return {
      unsubscribe() {
        isOpen = false;
        end();
      },
    };
  };
}
