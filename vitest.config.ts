import { configDefaults, defineConfig } from "vitest/config";

const PACKAGES = "{shared,gateway,presence-worker,sweeper,web,bin,chaos,bench,sim}";
/** Installs from a registry: not part of `npm test`. */
const PACKAGES_TEST = "test/packages.sys.test.ts";
/** Their subject is how long something takes, or a process under load: beside others they would measure those. */
const ALONE = [
  "presence-worker/test/cluster.int.test.ts",
  "gateway/test/delivery/crowd.int.test.ts",
  "gateway/test/status/staleness.int.test.ts",
];
const onServers = {
  // Loading what a gateway or a worker is made of takes a second: once a worker process, not once a file.
  isolate: false,
  // Far beyond what one takes alone on an idle machine: a busy one shall make tests slow, not red.
  testTimeout: 120_000,
  hookTimeout: 120_000,
  globalSetup: "shared/testing/shared-postgres.ts",
  setupFiles: "shared/testing/show-log.ts",
};

/**
 * Pure tests, tests on real servers, tests of the whole stack; one project after the other. Each file has ports, a
 * nats-server and a database of its own.
 */
export default defineConfig({
  test: {
    coverage: { include: ["{shared,gateway,presence-worker,sweeper}/src/**", "web/presence/**"] },
    projects: [
      {
        test: {
          name: "unit",
          sequence: { groupOrder: 0 },
          // They share nothing that one could change for another: modules are loaded once a worker, not once a file.
          isolate: false,
          maxWorkers: 2,
          // Properties are tried a thousand times: two seconds, and many where the machine has other work.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          include: [`${PACKAGES}/test/**/*.test.{ts,tsx}`],
          exclude: [...configDefaults.exclude, "**/*.int.test.{ts,tsx}", "**/*.sys.test.ts"],
        },
      },
      {
        test: {
          ...onServers,
          name: "integration",
          sequence: { groupOrder: 1 },
          // Most of their time they wait for leases and deadlines. Eight at a time pass on one core.
          maxWorkers: 6,
          include: [`${PACKAGES}/test/**/*.int.test.{ts,tsx}`],
          exclude: [...configDefaults.exclude, ...ALONE],
        },
      },
      {
        test: {
          ...onServers,
          name: "integration-alone",
          sequence: { groupOrder: 2 },
          include: ALONE,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...onServers,
          name: "system",
          sequence: { groupOrder: 3 },
          include: ["test/**/*.sys.test.ts"],
          exclude: [...configDefaults.exclude, PACKAGES_TEST],
          hookTimeout: 180_000,
          // Browsers need processors: three at a time keep two cores busy.
          maxWorkers: 2,
        },
      },
      {
        test: {
          ...onServers,
          name: "packages",
          sequence: { groupOrder: 4 },
          include: [PACKAGES_TEST],
        },
      },
    ],
  },
});
