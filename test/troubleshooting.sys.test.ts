import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "@meeshy/shared/testing/eventually";
import type { RunningStack } from "@meeshy/shared/testing/stack";
import { startTestStack } from "@meeshy/shared/testing/test-stack";
import { io, type Socket } from "socket.io-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ROOT } from "../bin/launcher/root.ts";

const PAGE = readFileSync(join(ROOT, "docs/TROUBLESHOOTING.md"), "utf8");
const COMMANDS = [...PAGE.matchAll(/^ *```sh\n([\s\S]*?)^ *```$/gm)].map(([, lines = ""]) => lines.trim());

let stack: RunningStack;
let alice: Socket;
let env: Record<string, string>;

beforeAll(async () => {
  stack = await startTestStack({ args: ["--no-web"] });
  const { gateways, workers, sweepers } = stack.read();
  const [gateway] = gateways;
  env = {
    GATEWAY: gateway?.url ?? "",
    GATEWAY_OPS: gateway?.opsUrl ?? "",
    WORKER: workers[0]?.url ?? "",
    SWEEPER: sweepers[0]?.url ?? "",
    LOGS: join(stack.dataDir, "logs"),
    ADMIN: stack.token("admin"),
    TOKEN: stack.token("alice"),
    PERSON: "alice",
  };
  alice = io(env.GATEWAY, { auth: { token: env.TOKEN }, transports: ["websocket"], forceNew: true });
  await eventually(() => stack.log("presence-worker-1").includes('"msg":"transition"'), {
    what: "alice's transition in the log",
  });
});

afterAll(async () => {
  alice?.disconnect();
  await stack?.stop();
});

test("the page has commands", () => {
  expect(COMMANDS.length).toBeGreaterThan(10);
});

test.each(COMMANDS)("%s", async (command) => {
  const run = promisify(execFile);
  const { stdout } = await run("bash", ["-o", "pipefail", "-c", command], {
    env: { ...process.env, ...env },
  });

  expect(stdout.trim()).not.toBe("");
});
