import { expect, test } from "vitest";
import { checkEnvironment } from "../launcher/environment.ts";

const check = (env: NodeJS.ProcessEnv) =>
  checkEnvironment({ env, jwtSecret: "a secret of the tests, long enough", gatewayProcesses: 1, web: false });

test("the faults of all services are found before anything starts, each once", () => {
  const faulty = {
    PING_INTERVAL_MS: "soon",
    HISTORY_DAYS: "-1",
    WORKER_LEASE_MS: "1",
    OFFLINE_TRESHOLD_MS: "9",
  };
  let message = "";
  try {
    check(faulty);
  } catch (error) {
    message = (error as Error).message;
  }
  for (const name of Object.keys(faulty)) expect(message.split(`${name} = `)).toHaveLength(2);
  expect(message).toContain("OFFLINE_THRESHOLD_MS may be meant");
});

test("an environment without any of ours is right", () => {
  expect(() => check({ HOME: "/root", PORT: "x", HOSTNAME: "a" })).not.toThrow();
});
