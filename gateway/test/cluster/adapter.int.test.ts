import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Client, openClient, settle } from "../harness.ts";

/** Socket.IO servers as the gateway builds them, in two processes of one port, and nothing else. */
const HOSTS = join(import.meta.dirname, "adapter-hosts.ts");

let hosts: ChildProcess;
let url: string;
/** What the processes have reported, with the one that did. */
const reports: { process: number; what: string }[] = [];
beforeAll(async () => {
  hosts = fork(HOSTS, { stdio: "inherit" });
  const port = await new Promise<number>((resolve) => {
    hosts.on("message", (message: { port?: number; process: number; what: string }) => {
      if (message.port) resolve(message.port);
      else reports.push(message);
    });
  });
  url = `http://127.0.0.1:${port}`;
}, 60_000);
afterAll(() => void hosts?.kill());

/** Opens sockets until each of the two processes holds one; `held` are those of process 1 and of process 2. */
async function oneEach(): Promise<Client[]> {
  const held: Client[] = [];
  for (let tries = 0; tries < 40 && (!held[0] || !held[1]); tries++) {
    const client = openClient(url, {});
    const { process } = await client.nth<{ process: number }>("holder");
    held[process - 1] ??= client;
  }
  expect(held).toHaveLength(2);
  return held;
}

it("a broadcast of one process reaches the sockets of both once, a local one those of its own", async () => {
  const [first, second] = (await oneEach()) as [Client, Client];
  await first.ask("broadcast", "to all");
  await first.ask("broadcast-local", "to its own");
  await second.nth("said");
  await eventually(() => first.all("said").length === 2);
  await settle();
  expect(first.all("said").sort()).toEqual(["to all", "to its own"]);
  expect(second.all("said")).toEqual(["to all"]);
});

it("a server-side emit reaches the other process", async () => {
  const [first] = (await oneEach()) as [Client, Client];
  await first.ask("server-side-emit", "hello");
  await eventually(() => reports.length > 0);
  await settle();
  expect(reports).toEqual([{ process: 2, what: "hello" }]);
});

it("an order to disconnect a room closes its sockets on both processes", async () => {
  const [first, second] = (await oneEach()) as [Client, Client];
  first.socket.emit("disconnect-all");
  for (const client of [first, second]) expect(await client.nth("disconnect")).toBe("io server disconnect");
});
