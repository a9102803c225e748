import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { identify, lives, type ProcessIdentity } from "@meeshy/shared/servers/process-identity";
import type { Stack } from "@meeshy/shared/servers/stack";
import { createTestDatabase } from "@meeshy/shared/testing/database";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats } from "@meeshy/shared/testing/servers";
import { type RunningStack, startStack } from "@meeshy/shared/testing/stack";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";

const ARGS = ["--gateways", "2", "--no-web"];

/** Every process of a stack but the launcher. */
function pidsOf({ gateways, workers, sweepers, nats, database }: Stack): number[] {
  return [...gateways, ...workers, ...sweepers, nats, database].map(({ pid }) => Number(pid));
}

function identities(stack: Stack): ProcessIdentity[] {
  return pidsOf(stack).map((pid) => {
    const identity = identify(pid);
    if (!identity) throw new Error(`process ${pid} of stack.json does not live`);
    return identity;
  });
}

/** Why a service is not ready; none: it is. */
async function reasonsOf(url: string): Promise<string[]> {
  const response = await fetch(`${url}/health/ready`).catch(() => undefined);
  if (response?.status === 200) return [];
  return response ? ((await response.json()) as { reasons: string[] }).reasons : ["it does not answer"];
}

const isReady = async (url: string): Promise<boolean> => (await reasonsOf(url)).length === 0;

/** Runs the launcher to its end. */
async function launcher(args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "../bin/start.ts"), ...args]);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += chunk));
  const code = await new Promise<number | null>((resolve) => child.once("exit", resolve));
  return { code, output };
}

describe("a running stack", () => {
  let stack: RunningStack;
  beforeAll(async () => {
    stack = await startStack({ args: ARGS });
  });
  afterAll(() => stack?.stop());

  test("has one living process for each entry of stack.json, and every service is ready", async () => {
    const content = stack.read();
    expect(content.gateways).toHaveLength(2);
    expect(content.workers).toHaveLength(1);
    expect(content.sweepers).toHaveLength(1);
    expect(new Set(pidsOf(content)).size).toBe(6);
    expect(identities(content)).toHaveLength(6);
    for (const role of ["external", "service"] as const) {
      expect(content.nats.credentials[role]?.password).toMatch(/^\S{20,}$/);
    }
    for (const { url } of [...content.gateways, ...content.workers]) {
      expect(await reasonsOf(url), url).toEqual([]);
    }
    // `ready` does not wait for the end of a sweeper's pause: it may notice later than the gateways that workers work.
    for (const { url } of content.sweepers) {
      const isPause = (await reasonsOf(url)).every((reason) => reason.startsWith("paused: "));
      expect(isPause, url).toBe(true);
      await eventually(() => isReady(url), { what: `${url} is ready` });
    }
  });

  test("serves metrics of a gateway on a port of its own, and health on both", async () => {
    for (const { url, opsUrl } of stack.read().gateways) {
      expect(await isReady(opsUrl)).toBe(true);
      const metrics = await (await fetch(`${opsUrl}/metrics`)).text();
      expect(metrics).toContain("meeshy_connections ");
      expect((await fetch(`${url}/metrics`)).status).toBe(404);
    }
  });

  test("gives gateways consecutive ports and prints where they are and how to log in", () => {
    const [first, second] = stack.urls.map((url) => Number(new URL(url).port));
    expect(second).toBe(Number(first) + 1);
    for (const text of [...stack.urls, "As alice", "As bob"]) expect(stack.output()).toContain(text);
  });

  test("refuses a second launcher on its data directory and stays as it is", async () => {
    const before = stack.read();
    const second = await launcher(["--data-dir", stack.dataDir, "--no-web"]);
    expect(second.output).toContain("is in use by the launcher with process id");
    expect(second.code).toBe(1);
    expect(stack.read()).toEqual(before);
    expect(identities(before)).toHaveLength(6);
  });

  test("refuses gateway ports that are taken, by number", async () => {
    const port = new URL(stack.urls[1] ?? "").port;
    const second = await launcher(["--data-dir", `${stack.dataDir}/other`, "--no-web", "--port", port]);
    expect(second.output).toContain(`port ${port} is taken`);
    expect(second.code).toBe(1);
  });

  const parts: [string, (stack: Stack) => { url: string; pid: number | null }][] = [
    ["gateway", ({ gateways }) => gateways[1] as Stack["gateways"][number]],
    ["worker", ({ workers }) => workers[0] as Stack["workers"][number]],
    ["sweeper", ({ sweepers }) => sweepers[0] as Stack["sweepers"][number]],
    ["nats-server", ({ nats }) => nats],
    ["PostgreSQL", ({ database }) => database],
  ];
  test.each(parts)(
    "starts a killed %s again at the same address and writes its new process id",
    async (_, pick) => {
      const before = pick(stack.read());
      process.kill(Number(before.pid), "SIGKILL");
      const after = await eventually(() => pick(stack.read()).pid !== before.pid && pick(stack.read()));
      expect(after.url).toBe(before.url);
      expect(identify(Number(after.pid))).toBeDefined();
      await eventually(async () => (await Promise.all(stack.urls.map(isReady))).every(Boolean), {
        what: "the gateways being ready",
      });
    },
  );

  test("stops at SIGTERM with exit code 0 and leaves no process", async () => {
    const all = identities(stack.read());
    expect(await stack.stop()).toBe(0);
    expect(all.filter(lives)).toEqual([]);
  });
});

test("after a kill -9 of the launcher the next start ends what was left and works, on the same ports", async () => {
  const killed = await startStack({ args: ["--no-web"] });
  const left = identities(killed.read());
  const addresses = [
    killed.read().nats.url,
    killed.read().database.url,
    ...killed.read().workers.map(({ url }) => url),
  ];
  await killed.kill9();
  expect(left.filter(lives)).toEqual(left);

  const next = await startStack({ args: ["--no-web"], dataDir: killed.dataDir });
  try {
    expect(left.filter(lives)).toEqual([]);
    expect(next.output()).toContain("ending what a killed launcher left running");
    const { nats, database, workers } = next.read();
    expect([nats.url, database.url, ...workers.map(({ url }) => url)]).toEqual(addresses);
    expect(await isReady(next.urls[0] ?? "")).toBe(true);
  } finally {
    await next.stop();
  }
});

test("servers that NATS_URL and DATABASE_URL name are used, and none is started", async () => {
  const [nats, { url: database, stop }] = await Promise.all([startNats(), createTestDatabase("nothing")]);
  onTestFinished(async () => {
    await Promise.all([nats.stop(), stop()]);
  });
  const stack = await startStack({ args: ["--no-web"], env: { NATS_URL: nats.url, DATABASE_URL: database } });
  try {
    const content = stack.read();
    expect(content.nats).toEqual({ url: nats.url, pid: null, credentials: {} });
    expect(content.database).toEqual({ url: database, pid: null });
    expect(existsSync(join(stack.dataDir, "postgres"))).toBe(false);
    expect(await isReady(stack.urls[0] ?? "")).toBe(true);
  } finally {
    await stack.stop();
  }
  expect(identify(nats.pid)).toBeDefined();
});

test("a start that fails says which service failed and why", async () => {
  // An address of no machine.
  const failing = startStack({ args: ["--no-web"], env: { HOST: "203.0.113.1" } });
  await expect(failing).rejects.toThrow(/did not start[\s\S]*EADDRNOTAVAIL/);
});

test("faulty variables of all services are named before anything is started", async () => {
  const env = { OFFLINE_THRESHOLD_MS: "soon", HISTORY_DAYS: "many", PING_INTERVALL_MS: "1" };
  const message = await startStack({ args: ["--no-web"], env }).catch((error: Error) => error.message);
  for (const name of Object.keys(env)) expect(message).toContain(`${name} = `);
  expect(message).not.toContain("starting");
});
