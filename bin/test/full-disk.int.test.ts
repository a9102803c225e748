import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { openNats } from "@meeshy/shared/nats/connect";
import { ensureStreams } from "@meeshy/shared/nats/streams";
import { freePort } from "@meeshy/shared/servers/free-port";
import { provideNatsServer } from "@meeshy/shared/servers/nats-binary";
import { natsServer } from "@meeshy/shared/servers/nats-server";
import { partitionSubject, STREAM_EVENTS } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { expect, onTestFinished, test } from "vitest";
import { mountSmallStore } from "../../chaos/stack/small-store.ts";
import { supervise } from "../launcher/supervisor.ts";

const MEGABYTES = 64;
const PIECES = [1_048_576, 4_096, 1];

function writeUntilFull(file: string): void {
  const fd = openSync(file, "w");
  const writes = (bytes: number) => {
    try {
      return writeSync(fd, Buffer.alloc(bytes)) > 0;
    } catch {
      return false;
    }
  };
  for (const bytes of PIECES) while (writes(bytes)) {}
  closeSync(fd);
}

test("a nats-server whose disk was full is started again, and keeps all that it has acknowledged", async ({
  skip,
}) => {
  const directory = await mountSmallStore(MEGABYTES).catch(() => undefined);
  if (directory === undefined) return skip("no file system can be mounted here");
  const binary = await provideNatsServer({ explicit: process.env.NATS_SERVER_BIN });
  const port = await freePort();
  const said: string[] = [];
  const server = supervise(await natsServer({ binary, directory, port }), {
    logFile: join(directory, "log"),
    onStarted: () => {},
    onReplaced: () => {},
    say: (line) => said.push(line),
  });
  onTestFinished(() => server.stop(1_000));
  await server.ready;
  const link = await openNats({ url: `nats://127.0.0.1:${port}` }, "test");
  onTestFinished(() => link.close());
  await ensureStreams(link, 1);
  const before = server.pid;
  const write = () => link.acks.publish(partitionSubject("sweep", 0), new Uint8Array(1_000));
  await write();

  writeUntilFull(join(directory, "ballast"));
  let last = 0;
  await eventually(
    async () => {
      for (;;) last = (await write()).seq;
    },
    { within: 1, what: "every write is stored" },
  ).catch(() => {});
  await eventually(
    async () =>
      write().then(
        () => false,
        () => true,
      ),
    { what: "a write is not stored" },
  );
  rmSync(join(directory, "ballast"));

  const { seq } = await eventually(write, { within: 40_000, every: 200, what: "a write is stored again" });
  expect(server.pid).not.toBe(before);
  expect(said.join("\n")).toContain("does not do its work any more");
  expect(seq).toBeGreaterThan(last);
  expect(await link.messageAt(STREAM_EVENTS, last)).toBeDefined();
}, 60_000);
