import type { Job } from "./corpus.ts";
import { runSeed } from "./run-seed.ts";

/** Runs the worlds that its parent sends, one after the other; the hook has changed the product's text before. */
process.on("message", (job: Job) => {
  runSeed(job).then(
    (result) => process.send?.({ result }),
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.stack : String(error) }),
  );
});
process.on("disconnect", () => process.exit());
