import { openNats } from "@meeshy/shared/nats/connect";
import { createLogPublisher } from "@meeshy/shared/nats/publisher";
import { ensureStreams } from "@meeshy/shared/nats/streams";
import { partitionSubject, STREAM_EVENTS, SUBJECT_EVENTS_ALL } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats } from "@meeshy/shared/testing/servers";
import { startTcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { expect, onTestFinished, test } from "vitest";
import { json, openLog, readAll } from "./kit.ts";

const TARGET = { subject: partitionSubject("gw", 0), partition: 0 };

test("a publisher whose acknowledgements take 1.5 s makes progress and stores each message once", async () => {
  const nats = await startNats();
  onTestFinished(() => nats.stop());
  const proxy = await startTcpProxy(nats.port);
  onTestFinished(() => proxy.close());
  const reader = await openLog(nats.url);
  const link = await openNats({ url: `nats://127.0.0.1:${proxy.port}` }, "slow");
  onTestFinished(() => link.close());
  await ensureStreams(link, 1);

  proxy.slow(1_500);
  const publisher = createLogPublisher(link, "publisher-1");
  onTestFinished(() => publisher.close());
  let acknowledged = 0;
  const publishAll = (from: number, to: number) => {
    for (let n = from; n < to; n++)
      void publisher.publish(TARGET, { event: { n } }).then(
        () => acknowledged++,
        () => {},
      );
  };
  publishAll(0, 300);
  await eventually(() => acknowledged === 300, { what: "300 acknowledgements" });
  publishAll(300, 600);
  await eventually(() => acknowledged === 600, { what: "600 acknowledgements" });

  const numbers = (await readAll(reader, STREAM_EVENTS, SUBJECT_EVENTS_ALL)).map(
    (message) => json<{ number: number }>(message).number,
  );
  expect(numbers).toEqual(Array.from({ length: 600 }, (_, at) => at + 1));
});
