import { defineConfig } from "vitest/config";

/** Three projects: pure tests, tests on real servers, tests of the whole stack. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: [
            "{shared,gateway,presence-worker,sweeper,web,bin,chaos,bench,sim}/test/**/*.test.{ts,tsx}",
          ],
          exclude: ["**/*.int.test.ts", "**/*.sys.test.ts", "**/node_modules/**"],
        },
      },
      {
        test: {
          name: "integration",
          include: ["{shared,gateway,presence-worker,sweeper,bin,chaos,sim}/test/**/*.int.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "system",
          include: ["test/**/*.sys.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
