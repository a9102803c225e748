import { join } from "node:path";
import { defineConfig } from "tsdown";

/**
 * The packages as they are published. What they share with the servers is taken in, so that nothing private is a
 * dependency. One `tsconfig` for all: the compiler writes declarations below its directory only.
 */
const common = {
  format: "esm",
  tsconfig: join(import.meta.dirname, "tsconfig.packages.json"),
  fixedExtension: false,
  hash: false,
  dts: true,
  deps: { alwaysBundle: /^@meeshy\// },

  logLevel: "warn",
} as const;
const browser = {
  ...common,
  cwd: join(import.meta.dirname, "web/presence"),
  platform: "browser",
  target: "es2022",
  minify: true,
} as const;

export default defineConfig([
  { ...browser, entry: ["index.ts", "react.ts", "testing.ts"] },
  // For a page without a bundler: one file, Socket.IO's client included.
  { ...browser, entry: ["browser.ts"], clean: false, dts: false, deps: { alwaysBundle: /./ } },
  {
    ...common,
    cwd: join(import.meta.dirname, "presence-node"),
    entry: ["src/index.ts", "src/fastify.ts"],
    platform: "node",
    target: "node20",
  },
]);
