import type { Bus } from "@meeshy/shared/ports/bus";
import type { Timer } from "@meeshy/shared/ports/clock";
import { toSelfNotice } from "../core/projection.ts";
import type { UserRecord } from "../core/record.ts";
import { informGateways } from "../io/gateway-commands.ts";

/** What changes within this time is one notice, ms: of a person with many connections each notice names them all. */
const GATHERED_MS = 20;

/**
 * Informs people's own devices of what is chosen, of what others see, and of each other. Sent once and not waited for:
 * the next change brings everything anew.
 */
export class SelfNotices {
  readonly #bus: Bus;
  readonly #epoch: number;
  readonly #waiting = new Map<string, UserRecord>();
  #timer: Timer | undefined;

  constructor(bus: Bus, epoch: number) {
    this.#bus = bus;
    this.#epoch = epoch;
  }

  note(record: UserRecord): void {
    this.#waiting.set(record.userId, record);
    this.#timer ??= this.#bus.clock.after(GATHERED_MS, () => this.#send());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#waiting.clear();
  }

  #send(): void {
    this.#timer = undefined;
    // This process is stopping.
    if (this.#bus.isClosed()) return;
    for (const record of this.#waiting.values())
      informGateways(this.#bus, toSelfNotice(record, this.#epoch), record.connections);
    this.#waiting.clear();
  }
}
