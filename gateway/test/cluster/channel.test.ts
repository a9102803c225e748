import { createLogger } from "@meeshy/shared/runtime/logger";
import { expect, it } from "vitest";
import { type ChannelHandlers, openChannel, type Peer } from "../../src/cluster/channel.ts";

const quiet = createLogger("test", "silent");
const unused: ChannelHandlers = { answer: () => expect.unreachable(), taken() {}, stop() {} };

/** Two ends that hear each other; `sent`: whether messages count as sent at once. */
function connect(first: Partial<ChannelHandlers>, second: Partial<ChannelHandlers>, sent = true) {
  const listeners: ((message: unknown) => void)[] = [];
  const peer = (to: number): Peer => ({
    isConnected: () => true,
    send(message, onSent) {
      listeners[to]?.(structuredClone(message));
      if (sent) onSent(null);
    },
    onMessage: (listener) => void listeners.push(listener),
  });
  return {
    channels: [
      openChannel(peer(1), { ...unused, ...first }, quiet),
      openChannel(peer(0), { ...unused, ...second }, quiet),
    ] as const,
    receive: (message: unknown) => listeners[0]?.(message),
  };
}

it("a question is answered, fails with the reason, or is given up in time", async () => {
  const answers = [
    () => ["starting"],
    () => Promise.reject(new Error("no metrics")),
    () => new Promise(() => {}),
  ];
  const { channels } = connect({}, { answer: () => answers.shift()?.() });
  const [asking] = channels;
  expect(await asking.ask("unready", 1_000)).toEqual(["starting"]);
  await expect(asking.ask("metrics", 1_000)).rejects.toThrow("no metrics");
  await expect(asking.ask("metrics", 10)).rejects.toThrow("no outcome within 10 ms");
});

it("no more than 64 messages wait for an end that takes none", async () => {
  const { channels } = connect({}, {}, false);
  const reported = Array.from({ length: 70 }, () => channels[0].report([["x", "alice", 1]]));
  expect(reported.filter(Boolean)).toHaveLength(64);
  await expect(channels[0].ask("unready", 1_000)).rejects.toThrow("takes no messages");
});

it.each([
  ["a message of the adapter", { source: "_sio_adapter", type: 2 }],
  ["a kind of a later release", { kind: "presence:later" }],
  ["one without its fields", { kind: "presence:taken", taken: "all" }],
  ["text", "presence:stop"],
  ["nothing", null],
])("%s is ignored", (_, message) => {
  let calls = 0;
  const count = () => void calls++;
  const { receive } = connect({ taken: count, stop: count }, {});
  receive(message);
  expect(calls).toBe(0);
  receive({ kind: "presence:stop" });
  expect(calls).toBe(1);
});
