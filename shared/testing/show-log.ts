import { afterEach, beforeEach } from "vitest";
import { takeLog } from "./test-log.ts";

/** Of a test that fails, what the product has logged is shown. */

beforeEach(() => void takeLog());
afterEach(({ task }) => {
  if (task.result?.state === "fail")
    console.error(`last log lines of "${task.name}":\n${takeLog().join("")}`);
});
