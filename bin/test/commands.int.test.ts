import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { demoToken } from "@meeshy/shared/servers/demo-token";
import { afterAll, beforeAll, expect, test } from "vitest";

const BIN = join(import.meta.dirname, "..");
let dataDir: string;
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), "meeshy-commands-"));
});
afterAll(() => rmSync(dataDir, { recursive: true }));

type Result = { code: number | null; signal: string | null; stdout: string; stderr: string };

async function run(
  args: string[],
  during: (child: ReturnType<typeof spawn>) => void = () => {},
): Promise<Result> {
  const env = { ...process.env, JWT_SECRET: "" };
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const result: Result = { code: null, signal: null, stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    result.stdout += chunk;
    during(child);
  });
  child.stderr.on("data", (chunk) => {
    result.stderr += chunk;
  });
  return new Promise((resolve) =>
    child.once("close", (code, signal) => resolve({ ...result, code, signal })),
  );
}

const launcher = (...args: string[]) => run([join(BIN, "run.mjs"), ...args]);

test("token prints a token and nothing else, signed with the data directory's secret, before any start", async () => {
  const { code, stdout, stderr } = await launcher("token", "alice", "--data-dir", dataDir);
  expect([code, stderr]).toEqual([0, ""]);
  const { jwtSecret } = JSON.parse(readFileSync(join(dataDir, "secrets.json"), "utf8"));
  const { iat } = JSON.parse(Buffer.from(stdout.split(".")[1] ?? "", "base64url").toString());
  const alice = { id: "alice", username: "alice", role: "USER" } as const;
  expect(stdout).toBe(`${demoToken(alice, jwtSecret, new Date(iat * 1000))}\n`);
});

test("token for a user who is no demo user names the demo users, and fails", async () => {
  const { code, stdout, stderr } = await launcher("token", "mallory", "--data-dir", dataDir);
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toContain("there is no demo user mallory; there are alice, bob, carol, dave, admin");
});

test("start with faulty options tells all of them, and fails without touching the data directory", async () => {
  const { code, stderr } = await launcher(
    "start",
    "--port",
    "none",
    "--gatways",
    "2",
    "--data-dir",
    `${dataDir}/new`,
  );
  expect(code).toBe(1);
  expect(stderr).toContain("--port none");
  expect(stderr).toContain("--gatways");
});

test("start --help describes the options", async () => {
  const { code, stdout } = await launcher("start", "--help");
  expect(code).toBe(0);
  expect(stdout).toContain("--gateway-processes");
});

test("an unknown command names the known ones, and fails", async () => {
  const { code, stderr } = await launcher("strat");
  expect(code).toBe(1);
  expect(stderr).toContain("unknown command strat");
});

test("signals go on to the program, whose exit code comes back", async () => {
  const program = `process.on("SIGTERM", () => process.exit(7)); console.log("runs"); setInterval(() => {}, 1000);`;
  const runner = `import { runChild } from ${JSON.stringify(join(BIN, "run/child.mjs"))};
    const { code } = await runChild(process.execPath, ["-e", ${JSON.stringify(program)}]); process.exit(code);`;
  const { code } = await run(["--input-type=module", "-e", runner], (child) => child.kill("SIGTERM"));
  expect(code).toBe(7);
});
