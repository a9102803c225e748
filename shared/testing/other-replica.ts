import type { Bus } from "../src/ports/bus.ts";

/**
 * The bus as a process sees it whose consumers of `stream` are served by a replica that counts `by` messages more than
 * the leader, or fewer, behind the sequence `after`: at an election nats-server 2.9.10 can store messages twice on one
 * replica alone.
 */
export function onOtherReplica<B extends Bus>(bus: B, stream: string, by: number, after = 0): B {
  const shifted = (seq: number, by: number) => (seq > after ? seq + by : seq);
  return {
    ...bus,
    consume: (options) =>
      options.stream !== stream
        ? bus.consume(options)
        : bus.consume({
            ...options,
            from: Math.max(1, shifted(options.from, -by)),
            onMessage: (message) => options.onMessage({ ...message, seq: shifted(message.seq, by) }),
          }),
  };
}
