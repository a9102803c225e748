import { renameSync, writeFileSync } from "node:fs";

// Loaded into a service with `--expose-gc --import`: on SIGWINCH, which means nothing to a service, it collects the
// garbage and writes what is left, in bytes.

const file = process.env.HEAP_FILE ?? "";

process.on("SIGWINCH", () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  writeFileSync(`${file}.new`, JSON.stringify({ bytes: heapUsed + external }));
  renameSync(`${file}.new`, file);
});
