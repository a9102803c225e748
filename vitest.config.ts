import { defineConfig } from "vitest/config";

/** Three projects: pure tests, tests on real servers, tests of the whole stack. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          // One project after the other: what runs on real servers is not measured against what fills both cores.
          sequence: { groupOrder: 0 },
          include: [
            "{shared,gateway,presence-worker,sweeper,web,bin,chaos,bench,sim}/test/**/*.test.{ts,tsx}",
          ],
          exclude: ["**/*.int.test.ts", "**/*.sys.test.ts", "**/node_modules/**"],
        },
      },
      {
        test: {
          name: "integration",
          sequence: { groupOrder: 1 },
          include: ["{shared,gateway,presence-worker,sweeper,bin,chaos,sim}/test/**/*.int.test.ts"],
          testTimeout: 30_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: "system",
          sequence: { groupOrder: 2 },
          include: ["test/**/*.sys.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
