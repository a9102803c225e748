import { follow } from "@meeshy/shared/nats/follow";
import { type Bus, type ConsumeOptions, RequestTimeout } from "@meeshy/shared/ports/bus";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import { eventually } from "@meeshy/shared/testing/eventually";
import { expect, test } from "vitest";

test("answers about the stream that are lost do not lengthen the time that a consumer's creation is given", async () => {
  let lost = 3;
  const creations: ConsumeOptions[] = [];
  const bus = {
    clock: systemClock,
    isUp: () => true,
    isClosed: () => false,
    onChange: () => () => {},
    async info(stream: string) {
      if (lost-- > 0) throw new RequestTimeout(stream);
      return { created: "now", first: 1, last: 0, bytes: 0 };
    },
    consume(options: ConsumeOptions) {
      creations.push(options);
      let end: (reason: string) => void = () => {};
      const ended = new Promise<string>((resolve) => {
        end = resolve;
      });
      return Promise.resolve({ tookMs: 1, ended, end });
    },
  } as unknown as Bus;
  const following = follow(bus, {
    ...{ stream: "THINGS", filter: "things.>", from: "last-values" as const },
    ...{ onMessage: () => {}, logger: createLogger("test", "silent") },
  });
  await eventually(() => creations.length === 1);
  expect(creations[0]?.createdWithinMs).toBe(1_000);
  await following.stop();
});
