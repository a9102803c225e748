import { type ExecFileException, execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { startNats } from "@meeshy/shared/testing/servers";
import { connect } from "@nats-io/transport-node";
import { afterEach, expect, test } from "vitest";
import { olderCheckout } from "../older/checkout.ts";
import { LAST_RELEASE } from "../older/release.ts";
import { openLinks } from "../stack/links.ts";
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

test("one link can be refused by the broker, and let in again, while another goes on", async () => {
  const nats = await startNats({ auth: true });
  ends.push(() => nats.stop());
  const links = await openLinks(nats.port, ["gateway-1", "gateway-2"]);
  ends.push(() => links.close());
  const { user, password } = nats.as("gateway");
  const open = async (name: string) => {
    const nc = await connect({
      ...{ servers: links.url(name), user: user ?? "", pass: password ?? "", reconnect: false },
      inboxPrefix: "_INBOX_gateway",
    });
    ends.push(() => nc.close());
    return nc;
  };
  const first = await open("gateway-1");
  const other = await open("gateway-2");
  await links.set("gateway-1", { kind: "refused" });
  await first.closed();
  await expect(open("gateway-1")).rejects.toThrow(/authorization violation/i);
  await other.flush();
  await links.set("gateway-1", { kind: "open" });
  await (await open("gateway-1")).flush();
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
