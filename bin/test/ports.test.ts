import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@meeshy/shared/servers/free-port";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fixedPorts, gatewayPorts } from "../launcher/ports.ts";

let dataDir: string;
const listeners: Server[] = [];
const said: string[] = [];
const say = (line: string) => void said.push(line);

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "meeshy-ports-"));
});
afterEach(() => {
  rmSync(dataDir, { recursive: true });
  for (const listener of listeners.splice(0)) listener.close();
  said.length = 0;
});

async function occupy(port: number): Promise<void> {
  const listener = createServer();
  listeners.push(listener);
  await new Promise<void>((resolve) => listener.listen(port, "127.0.0.1", resolve));
}

test("ports are kept over starts, and names that come later get others", async () => {
  const first = await fixedPorts(dataDir, ["nats", "postgres"], [], say);
  const second = await fixedPorts(dataDir, ["nats", "postgres", "sweeper-1"], [], say);
  expect(second).toMatchObject(first);
  expect(new Set(Object.values(second)).size).toBe(3);
  expect(said).toEqual([]);
});

test("a kept port that another program has taken is replaced, with a word", async () => {
  const first = await fixedPorts(dataDir, ["nats", "postgres"], [], say);
  await occupy(first.nats);
  const second = await fixedPorts(dataDir, ["nats", "postgres"], [], say);
  expect(second.nats).not.toBe(first.nats);
  expect(second.postgres).toBe(first.postgres);
  expect(said).toEqual([`nats: port ${first.nats} is taken by another program; using ${second.nats}`]);
});

test("a kept port gives way to the gateways'", async () => {
  const { nats } = await fixedPorts(dataDir, ["nats"], [], say);
  expect((await fixedPorts(dataDir, ["nats"], [nats], say)).nats).not.toBe(nats);
});

test("gateways get the port asked for and the next ones", async () => {
  const port = await freePort();
  expect(await gatewayPorts(port, 1)).toEqual([port]);
});

test("taken gateway ports are named", async () => {
  const port = await freePort();
  await occupy(port);
  await expect(gatewayPorts(port, 1)).rejects.toThrow(`port ${port} is taken by another program`);
});
