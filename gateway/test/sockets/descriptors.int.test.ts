import { spawn } from "node:child_process";
import { join } from "node:path";
import { freePort } from "@meeshy/shared/servers/free-port";
import { eventually } from "@meeshy/shared/testing/eventually";
import { guard } from "@meeshy/shared/testing/guard";
import { expect, it, onTestFinished } from "vitest";
import { type Client, openClient, SECRET, startServers, tokenFor } from "../harness.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");
const FILES = 200;
const ACCEPTED = 136;
const CLIENTS = 170;

it("connections end below the limit of open files, and health and metrics go on answering there", async () => {
  const servers = await startServers();
  onTestFinished(() => servers.stop());
  const port = await freePort();
  const { url: NATS_URL, user = "", password = "" } = servers.nats.as("gateway");
  const child = spawn("sh", ["-c", `ulimit -n ${FILES}; exec "$0" "$1"`, process.execPath, MAIN], {
    env: {
      ...process.env,
      ...{ NATS_URL, NATS_USER: user, NATS_PASSWORD: password, DATABASE_URL: servers.database.url },
      ...{ JWT_SECRET: SECRET, PORT: String(port), OPS_PORT: "same" },
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(guard(child.pid ?? -1, "SIGKILL"));
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  onTestFinished(() => {
    child.kill();
    return exited;
  });
  let log = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const url = `http://127.0.0.1:${port}`;
  const answers = (path: string) => fetch(url + path, { headers: { connection: "close" } });
  await eventually(async () => (await answers("/health/ready")).status === 200);

  const clients: Client[] = [];
  onTestFinished(() => {
    for (const client of clients) client.close();
  });
  for (let n = 0; n < CLIENTS; n++) clients.push(openClient(url, { token: tokenFor("alice") }));
  await eventually(
    () => clients.every(({ socket, all }) => socket.connected || all("connect_error").length > 0),
    { what: "every client is accepted or refused" },
  );
  const accepted = clients.filter(({ socket }) => socket.connected);
  expect(accepted.length).toBeGreaterThan(ACCEPTED - 20);
  expect(accepted.length).toBeLessThanOrEqual(ACCEPTED);
  for (const path of ["/health/live", "/health/ready"]) expect((await answers(path)).status).toBe(200);
  const metrics = await (await answers("/metrics")).text();
  expect(metrics).toContain(`meeshy_connections_max ${ACCEPTED}`);
  expect(log.split("no more connections are accepted")).toHaveLength(2);
  expect(log).not.toContain("EMFILE");

  for (const client of clients) client.close();
  // A client that comes before the others' connections are gone is refused as they were.
  await eventually(async () => {
    const again = openClient(url, { token: tokenFor("bob") });
    clients.push(again);
    await eventually(() => again.socket.connected || again.all("connect_error").length > 0);
    return again.socket.connected;
  });
});
