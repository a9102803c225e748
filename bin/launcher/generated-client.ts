import { ensureMade } from "./made-from.ts";
import { runTool } from "./tool.ts";

/** Sees to it that the Prisma client in shared/src/db/generated belongs to the present schema. */
export function ensureGeneratedClient(): Promise<void> {
  return ensureMade({
    name: "prisma-client",
    output: "shared/src/db/generated/client.ts",
    inputs: ["shared/prisma/schema.prisma", "shared/prisma.config.ts", "node_modules/prisma/package.json"],
    doing: "generating the database client (prisma generate)",
    make: () =>
      runTool("prisma generate", "prisma/build/index.js", ["generate", "--no-hints"], "shared", {
        // The generator needs no schema engine, yet looks for one; any existing file keeps it from downloading it.
        PRISMA_SCHEMA_ENGINE_BINARY: process.env.PRISMA_SCHEMA_ENGINE_BINARY ?? process.execPath,
        CHECKPOINT_DISABLE: "1",
        PRISMA_HIDE_UPDATE_MESSAGE: "1",
      }),
  });
}
