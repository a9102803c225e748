import type { NatsLink } from "@meeshy/shared/nats/connect";
import { toBytes } from "@meeshy/shared/nats/last-value";
import { PARTITIONS, partitionSubject } from "@meeshy/shared/subjects";

/** Writes the passing of time into the log (DESIGN "Time"). */
export interface TimeoutWriter {
  /**
   * One timeout for each partition, now or not at all: a timeout that waits in a queue would reach the log
   * as if its time had just come. While an earlier one is on its way, nothing is written.
   */
  write(): void;
}

/** `elapsed` in the messages is ms since this writer was made, by this process' monotonic clock. */
export function createTimeoutWriter(link: NatsLink, sweeperId: string): TimeoutWriter {
  const startedAt = performance.now();
  const subjects = Array.from({ length: PARTITIONS }, (_, p) => partitionSubject("sweep", p));
  let underway = 0;
  const landed = () => {
    underway--;
  };
  return {
    write() {
      if (underway > 0 || !link.isUp()) return;
      const elapsed = performance.now() - startedAt;
      const data = toBytes({ event: { type: "timeout", sweeperId, elapsed } });
      underway = subjects.length;
      for (const subject of subjects) link.acks.send(subject, data, landed);
    },
  };
}
