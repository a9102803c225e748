import { toBytes } from "@meeshy/shared/nats/last-value";
import type { Bus } from "@meeshy/shared/ports/bus";
import { PARTITIONS, partitionSubject } from "@meeshy/shared/subjects";
import { versioned } from "@meeshy/shared/versions";

/** Writes the passing of time into the log (ARCHITECTURE "Partition time"). */
export interface TimeoutWriter {
  /**
   * One timeout for each partition, now or not at all: a timeout that waits in a queue would reach the log
   * as if its time had just come. While earlier ones may be on their way, nothing is written.
   */
  write(): void;
}

/** `elapsed` in the messages is ms since this writer was made, by this process' monotonic clock. */
export function createTimeoutWriter(bus: Bus, sweeperId: string): TimeoutWriter {
  const startedAt = bus.clock.now();
  const subjects = Array.from({ length: PARTITIONS - 1 }, (_, p) => partitionSubject("sweep", p));
  const lastSubject = partitionSubject("sweep", PARTITIONS - 1);
  let underway = false;

  const settle = async (isLost: boolean) => {
    // The ack may be lost and the timeouts still wait in front of a server that stands still: once it
    // answers, or the link is broken, they wait no more.
    if (isLost) await bus.flush().catch(() => {});
    underway = false;
  };

  return {
    write() {
      if (underway || !bus.isUp() || bus.isClosed()) return;
      underway = true;
      const elapsed = bus.clock.now() - startedAt;
      const data = toBytes(versioned("logMessage", { event: { type: "timeout", sweeperId, elapsed } }));
      for (const subject of subjects) bus.publish(subject, data);
      // The log takes them in order: once it has the last one, none of those before is on its way.
      bus.acks.send(lastSubject, data, (error) => void settle(error !== null));
    },
  };
}
