import { setImmediate } from "node:timers/promises";
import type { NatsLink } from "@meeshy/shared/nats/connect";
import { compareAndDelete, compareAndSet, toBytes } from "@meeshy/shared/nats/last-value";
import { bucketStream, keySubject, MAX_EVENT_BYTES } from "@meeshy/shared/nats/streams";
import { AckLost, type Acks, isConflict, isTooLarge, PublishRefused } from "@meeshy/shared/ports/bus";
import { BUCKET_STATE, partitionSubject } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { startTcpProxy } from "@meeshy/shared/testing/tcp-proxy";
import { beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { json, linkTurns, openLink, openLog } from "./kit.ts";

let nats: TestNats;
let link: NatsLink;
beforeEach(async () => {
  nats = await startNats();
  link = await openLog(nats.url);
  return () => nats.stop();
});

const SUBJECT = partitionSubject("gw", 0);
const failure = (publishing: ReturnType<Acks["publish"]>) =>
  publishing.then(
    () => undefined,
    (error: unknown) => error,
  );

describe("the ack inbox", () => {
  test("gives each publish its own sequence, in order, however many are under way", async () => {
    const acks = await Promise.all(
      Array.from({ length: 3_000 }, (_, n) => link.acks.publish(SUBJECT, toBytes({ n }))),
    );
    expect(acks.map(({ seq }) => seq)).toEqual(Array.from({ length: 3_000 }, (_, i) => i + 1));
  });

  test("rejects a refused publish with the server's code", async () => {
    const error = await failure(link.acks.publish(SUBJECT, new Uint8Array(MAX_EVENT_BYTES + 1)));
    expect(error).toBeInstanceOf(PublishRefused);
    expect((error as PublishRefused).code).toBe(10054);
    expect(isConflict(error)).toBe(false);
    expect(isTooLarge(error)).toBe(true);
  });

  test("counts the ack of a subject that no stream takes for lost", async () => {
    expect(await failure(link.acks.publish("no.responder", toBytes({})))).toBeInstanceOf(AckLost);
  });

  test("counts an ack for lost when the server stops answering", async () => {
    await nats.kill("SIGSTOP");
    expect(await failure(link.acks.publish(SUBJECT, toBytes({})))).toBeInstanceOf(AckLost);
    await nats.kill("SIGCONT");
  });

  test("counts for lost what was sent while the link was down as soon as it is up again, however slow it was before", async () => {
    const proxy = await startTcpProxy(nats.port);
    onTestFinished(() => proxy.close());
    const own = await openLink(`nats://127.0.0.1:${proxy.port}`);
    proxy.slow(900);
    await own.acks.publish(SUBJECT, toBytes({}));
    proxy.cut();
    await eventually(() => !own.isUp());
    let isLost = false;
    const failed = failure(own.acks.publish(SUBJECT, toBytes({}))).finally(() => {
      isLost = true;
    });
    const up = linkTurns(own, true);
    proxy.mend();
    await up;
    await setImmediate();
    expect(isLost).toBe(true);
    expect(await failed).toBeInstanceOf(AckLost);
  });

  test("refuses a message that is too large for the connection without asking the server", async () => {
    await nats.kill("SIGSTOP");
    const error = await failure(link.acks.publish(SUBJECT, new Uint8Array(2_000_000)));
    expect(isTooLarge(error)).toBe(true);
    await nats.kill("SIGCONT");
  });

  test("counts acks for lost when it is closed, and those asked for afterwards", async () => {
    await nats.kill("SIGSTOP");
    const waiting = failure(link.acks.publish(SUBJECT, toBytes({})));
    await link.close();
    expect(await waiting).toBeInstanceOf(AckLost);
    expect(await failure(link.acks.publish(SUBJECT, toBytes({})))).toBeInstanceOf(AckLost);
    await nats.kill("SIGCONT");
  });
});

describe("a last value", () => {
  const stream = bucketStream(BUCKET_STATE);
  const subject = keySubject(BUCKET_STATE, "7.auth0=7C1");

  test("is written only over the revision that is expected", async () => {
    const { seq } = await compareAndSet(link, subject, toBytes({ n: 1 }), 0);
    const conflict = await failure(compareAndSet(link, subject, toBytes({ n: 2 }), 0));
    expect(isConflict(conflict)).toBe(true);
    await compareAndSet(link, subject, toBytes({ n: 3 }), seq);
    const last = await link.lastValue(stream, subject);
    expect(last && json(last)).toEqual({ n: 3 });
    expect(last).toMatchObject({ seq: seq + 1, deleted: false });
  });

  test("is absent where nothing was written", async () => {
    expect(await link.lastValue(stream, subject)).toBeUndefined();
  });

  test("leaves a mark when it is deleted, and only its last revision can be", async () => {
    const { seq } = await compareAndSet(link, subject, toBytes({ n: 1 }), 0);
    expect(isConflict(await failure(compareAndDelete(link, subject, seq - 1)))).toBe(true);
    await compareAndDelete(link, subject, seq);
    expect(await link.lastValue(stream, subject)).toMatchObject({ seq: seq + 1, deleted: true });
    await compareAndSet(link, subject, toBytes({ n: 2 }), seq + 1);
    expect(await link.lastValue(stream, subject)).toMatchObject({ deleted: false });
  });
});
