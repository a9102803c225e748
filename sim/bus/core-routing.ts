import type { Random } from "../../chaos/random.ts";
import type { CoreSubscription, Delivered } from "./broker.ts";
import { createMatcher } from "./subjects.ts";

/** Core NATS: who is subscribed to what. */
export class CoreRouting {
  readonly #random: Random;
  readonly #subscriptions = new Set<CoreSubscription & { matches: (subject: string) => boolean }>();

  constructor(random: Random) {
    this.#random = random;
  }

  subscribe(subscription: CoreSubscription): () => void {
    const entry = { ...subscription, matches: createMatcher(subscription.pattern) };
    this.#subscriptions.add(entry);
    return () => this.#subscriptions.delete(entry);
  }

  /** To every subscriber, and to one of each queue group; gives how many. */
  route(message: Delivered): number {
    const queues = new Map<string, CoreSubscription[]>();
    let served = 0;
    for (const subscription of [...this.#subscriptions]) {
      if (!subscription.matches(message.subject)) continue;
      served++;
      const { queue } = subscription;
      if (queue === undefined) subscription.deliver(message);
      else queues.set(queue, [...(queues.get(queue) ?? []), subscription]);
    }
    for (const members of queues.values()) this.#random.pick(members).deliver(message);
    return served;
  }
}
