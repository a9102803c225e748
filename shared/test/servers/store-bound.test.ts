import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { STORE_MAX_BYTES, storeBound } from "../../src/servers/store-bound.ts";

async function place() {
  const directory = await mkdtemp(join(tmpdir(), "meeshy-bound-"));
  onTestFinished(() => rm(directory, { recursive: true }));
  const [config, store] = [join(directory, "nats-server.conf"), join(directory, "jetstream")];
  return { directory, config, store, bound: () => storeBound(config, directory, store) };
}

test("a store keeps the bound that it was given first, whatever the disk has left", async () => {
  const { config, bound } = await place();
  await writeFile(config, 'jetstream { store_dir: "x", max_file_store: 123456 }\n');
  expect(await bound()).toBe(123_456);
});

test("a store of an earlier release has room for everything that its streams may have reserved", async () => {
  const { store, bound } = await place();
  await mkdir(store);
  expect(await bound()).toBe(STORE_MAX_BYTES);
});

test("a new one is given what fits on the disk, and no more than is needed", async () => {
  const { bound } = await place();
  const bytes = await bound();
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(STORE_MAX_BYTES);
});
