import { renameSync, writeFileSync } from "node:fs";

// Loaded into a service with `--expose-gc --import`: on SIGUSR2 it collects the garbage and writes what is left, in bytes.

const file = process.env.HEAP_FILE ?? "";

process.on("SIGUSR2", () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(`${file}.new`, JSON.stringify({ bytes: heapUsed + external }));
  renameSync(`${file}.new`, file);
});
