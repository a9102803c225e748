import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openNats } from "@meeshy/shared/nats/connect";
import { createLogPublisher } from "@meeshy/shared/nats/publisher";
import { agreeOnSettings } from "@meeshy/shared/nats/shared-settings";
import { compareStreams, ensureStreams, keepStreams } from "@meeshy/shared/nats/streams";
import { partitionSubject, STREAM_EVENTS, SUBJECT_EVENTS_ALL } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { runServer } from "@meeshy/shared/testing/run-server";
import { natsProgram, startNats } from "@meeshy/shared/testing/servers";
import { startTcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../../src/servers/free-port.ts";
import { natsServer } from "../../src/servers/nats-server.ts";
import { json, openLink, openLog, readAll, silent } from "./kit.ts";

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

/** A server without streams, and a link to it whose answers take so long from now on. */
async function startSlow(ms: number) {
  const nats = await startNats();
  onTestFinished(() => nats.stop());
  const proxy = await startTcpProxy(nats.port);
  onTestFinished(() => proxy.close());
  const link = await openLink(`nats://127.0.0.1:${proxy.port}`, "slow");
  proxy.slow(ms);
  return { nats, proxy, link };
}

test("a gateway and a worker start on a link whose answers take 2 s, the first of all processes or not", async () => {
  const { link } = await startSlow(2_000);
  await ensureStreams(link, 1);
  await compareStreams(link, 1, { updates: false, logger: silent });
  await agreeOnSettings(link, silent);
  const streams = await keepStreams(link, 1, silent);
  onTestFinished(() => streams.stop());
  await agreeOnSettings(link, silent);
  expect((await link.info(STREAM_EVENTS)).definition.subjects).toEqual([SUBJECT_EVENTS_ALL]);
});

test("on a link that becomes slow answers that came too late are measured: later questions wait for theirs", async () => {
  const { link, proxy } = await startSlow(0);
  await ensureStreams(link, 1);
  proxy.slow(1_300);
  const early = await Promise.allSettled(Array.from({ length: 4 }, () => link.info(STREAM_EVENTS)));
  expect(early.map(({ status }) => status)).not.toContain("fulfilled");
  await eventually(() => link.info(STREAM_EVENTS).then(Boolean, () => false), { what: "an answer" });
});

test("on a link that is known to be slow a consumer is created at the first attempt", async () => {
  const { link } = await startSlow(1_300);
  await ensureStreams(link, 1);
  const consumer = await link.consume({
    ...{ stream: STREAM_EVENTS, filter: SUBJECT_EVENTS_ALL, from: 1, createdWithinMs: 1_000 },
    ...{ onMessage: () => {}, onCaughtUp: () => {} },
  });
  consumer.end("seen");
  expect(await consumer.ended).toBe("seen");
});

test("a server without JetStream is named at once", async () => {
  const port = await freePort();
  const directory = await mkdtemp(join(tmpdir(), "meeshy-nats-"));
  const spec = await natsServer({ binary: await natsProgram(), directory, port });
  const nats = await runServer({ ...spec, args: ["--addr", "127.0.0.1", "--port", String(port)] }, directory);
  onTestFinished(() => nats.stop());
  const link = await openLink(`nats://127.0.0.1:${port}`);
  const startedAt = link.clock.now();
  await expect(ensureStreams(link, 1)).rejects.toThrow(/jetstream|responders/i);
  expect(link.clock.now() - startedAt).toBeLessThan(20_000);
});
