import { defineConfig } from "prisma/config";

// `prisma generate` needs no schema engine, yet the CLI fetches one unless it is set to use one that is there.
process.env.PRISMA_SCHEMA_ENGINE_BINARY ??= process.execPath;

export default defineConfig({
  schema: "prisma/schema.prisma",
  migrations: { path: "prisma/migrations" },
  datasource: { url: process.env.DATABASE_URL ?? "" },
});
