import { createServer } from "node:net";
import { freePort } from "@meeshy/shared/servers/free-port";
import { expect, onTestFinished, test } from "vitest";
import { untilReachable } from "../launcher/reachability.ts";

test("an address that does not answer is named at once, without its password, and waited for", async () => {
  const [port, other] = [await freePort(), await freePort()];
  const said: string[] = [];
  const waiting = untilReachable(
    {
      variable: "NATS_URL",
      url: `nats://me:hunter2@127.0.0.1:${port},127.0.0.1:${other}`,
      defaultPort: 4222,
    },
    (line) => {
      said.push(line);
      const server = createServer().listen(other, "127.0.0.1");
      onTestFinished(() => void server.close());
    },
  );
  await waiting;
  expect(said).toEqual([
    `NATS_URL: no answer from 127.0.0.1:${port} (ECONNREFUSED), 127.0.0.1:${other} (ECONNREFUSED); tried a TCP connection, trying again for 60 s`,
  ]);
});

test("it is given up in the end, with what was tried", async () => {
  const port = await freePort();
  const named = { variable: "DATABASE_URL", url: `postgresql://me:hunter2@127.0.0.1:${port}/x` } as const;
  await expect(untilReachable({ ...named, defaultPort: 5432 }, () => {}, 600)).rejects.toThrow(
    `DATABASE_URL: no answer from 127.0.0.1:${port} (ECONNREFUSED); tried TCP connections for 1 s`,
  );
});

test("one that answers is not spoken of", async () => {
  const port = await freePort();
  const server = createServer().listen(port, "127.0.0.1");
  onTestFinished(() => void server.close());
  const named = {
    variable: "DATABASE_URL",
    url: `postgresql://127.0.0.1:${port}/x`,
    defaultPort: 5432,
  } as const;
  const said: string[] = [];
  await untilReachable(named, (line) => said.push(line));
  expect(said).toEqual([]);
});
