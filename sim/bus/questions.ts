import { RequestTimeout } from "@meeshy/shared/ports/bus";
import type { Clock } from "@meeshy/shared/ports/clock";
import type { Broker } from "./broker.ts";
import type { Link } from "./link.ts";

/** Asks the broker; rejects with its error, or when no answer comes within so many ms. */
export type Ask = <T>(of: string, within: number, question: () => T) => Promise<T>;

export function createAsk(clock: Clock, link: Link, broker: Broker): Ask {
  return <T>(of: string, within: number, question: () => T) =>
    new Promise<T>((resolve, reject) => {
      const timer = clock.after(within, () => reject(new RequestTimeout(of)));
      link.send(() => {
        if (broker.faults.isElecting) return;
        const answer = answerTo(question);
        link.receive(undefined, () => {
          timer.cancel();
          if ("error" in answer) reject(answer.error);
          else resolve(answer.value);
        });
      });
    });
}

function answerTo<T>(question: () => T): { value: T } | { error: unknown } {
  try {
    return { value: question() };
  } catch (error) {
    return { error };
  }
}
