import { type ExecFileException, execFile } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats } from "@meeshy/shared/testing/servers";
import { afterEach, expect, test } from "vitest";
import { olderCheckout } from "../older/checkout.ts";
import { LAST_RELEASE } from "../older/release.ts";
import { openLinks } from "../stack/links.ts";
import { readLongTurns } from "../stack/long-turns.ts";
import { writePlaces } from "../stack/places.ts";

const ROOT = join(import.meta.dirname, "../..");
const run = promisify(execFile);
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "meeshy-chaos-"));
  ends.push(() => rmSync(path, { recursive: true }));
  return path;
}

/** What a broker answers to who asks to be let in: `PONG`, or an error. Resolves with the rest once it closes. */
async function letIn(url: string, { user, password }: { user?: string; password?: string }) {
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port) });
  ends.push(() => socket.destroy());
  let said = "";
  const closed = once(socket, "close");
  socket
    .on("error", () => {})
    .on("data", (chunk) => {
      said += chunk;
    });
  await eventually(() => said.startsWith("INFO "));
  socket.write(`CONNECT ${JSON.stringify({ user, pass: password, verbose: false })}\r\nPING\r\n`);
  const answer = await eventually(() => /PONG|-ERR '[^']*'/.exec(said)?.[0]);
  return { answer, closed, isOpen: () => !socket.closed };
}

test("one link can be refused by the broker, and let in again, while another goes on", async () => {
  const nats = await startNats({ auth: true });
  ends.push(() => nats.stop());
  const links = await openLinks(nats.port, ["gateway-1", "gateway-2"]);
  ends.push(() => links.close());
  const open = (name: string) => letIn(links.url(name), nats.as("gateway"));
  const first = await open("gateway-1");
  const other = await open("gateway-2");
  expect([first.answer, other.answer]).toEqual(["PONG", "PONG"]);
  await links.set("gateway-1", { kind: "refused" });
  await first.closed;
  expect((await open("gateway-1")).answer).toBe("-ERR 'Authorization Violation'");
  expect(other.isOpen()).toBe(true);
  await links.set("gateway-1", { kind: "open" });
  expect((await open("gateway-1")).answer).toBe("PONG");
});

test("a process is given its own link, and may become another checkout's under the same process id", async () => {
  const dataDir = directory();
  const other = directory();
  const main = "sweeper/src/main.ts";
  mkdirSync(join(other, "sweeper/src"), { recursive: true });
  writeFileSync(
    join(other, main),
    "const { NATS_URL, KEPT } = process.env; console.log(JSON.stringify({ NATS_URL, KEPT, pid: process.pid }));",
  );
  const places = join(dataDir, "places.json");
  writePlaces(places, { "sweeper-2": { natsUrl: "nats://127.0.0.1:1", checkout: other } });
  const hook = new URL("../stack/enter.ts", import.meta.url).href;
  const env = {
    ...process.env,
    CHAOS_PLACES: places,
    MEESHY_PROCESS: "sweeper-2",
    NATS_URL: "no",
    KEPT: "yes",
  };
  const started = run(process.execPath, ["--import", hook, join(ROOT, main)], { env });
  const { stdout } = await started;
  expect(JSON.parse(stdout)).toEqual({ NATS_URL: "nats://127.0.0.1:1", KEPT: "yes", pid: started.child.pid });
});

test("a process notes its turns that were long on the CPU once it has started, not the waits", async () => {
  const dataDir = directory();
  const main = join(dataDir, "main.ts");
  writeFileSync(
    main,
    `const usedMs = (since) => { const { user, system } = process.threadCpuUsage(since); return (user + system) / 1_000; };
    const busy = () => { for (const start = process.threadCpuUsage(); usedMs(start) < 200; ); };
    busy();
    setTimeout(busy, 5_200);
    setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500), 6_000);
    setTimeout(() => {}, 6_700);`,
  );
  const hook = new URL("../stack/enter.ts", import.meta.url).href;
  const file = join(dataDir, "long-turns.jsonl");
  const env = { ...process.env, CHAOS_LONG_TURNS: file, MEESHY_PROCESS: "worker-1" };
  const started = run(process.execPath, ["--import", hook, main], { env });
  await started;
  expect(readLongTurns(file)).toEqual([
    {
      ...{ process: "worker-1", pid: started.child.pid },
      ...{ ageMs: expect.any(Number), ms: expect.any(Number), cpuMs: expect.any(Number) },
    },
  ]);
});

test("the release before runs from its own checkout, with its own packages of this repository", async (context) => {
  const held = await run("git", ["-C", ROOT, "cat-file", "-e", `${LAST_RELEASE}^{commit}`]).catch(
    (error: ExecFileException) => error,
  );
  if (held instanceof Error) context.skip(`commit ${LAST_RELEASE} is not in this clone`);
  const older = await olderCheckout(LAST_RELEASE);
  const script = 'console.log(import.meta.resolve("@meeshy/shared/subjects"), import.meta.resolve("xstate"))';
  const { stdout } = await run(process.execPath, ["--input-type=module", "--eval", script], {
    cwd: join(older, "gateway"),
  });
  const [own, foreign] = stdout.trim().split(" ");
  expect(own).toBe(new URL(`file://${older}/shared/src/subjects.ts`).href);
  expect(foreign).toContain("/node_modules/xstate/");
}, 180_000);
