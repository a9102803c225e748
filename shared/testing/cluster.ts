import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { natsServerConfig } from "../src/nats/server-config.ts";
import { freePort } from "../src/servers/free-port.ts";
import { natsServer } from "../src/servers/nats-server.ts";
import { runServer, type TestServer } from "./run-server.ts";
import { natsProgram } from "./servers.ts";

/** Three nats-servers that hold JetStream together. */
export type TestCluster = {
  /** Addresses of all, separated by commas. */
  readonly url: string;
  /** By name, as the leader of a stream is given. */
  readonly nodes: ReadonlyMap<string, TestServer>;
  stop(): Promise<void>;
};

const SIZE = 3;

/** A cluster on free ports of 127.0.0.1 with its own fresh data; JetStream may need some seconds to elect its leader. */
export async function startCluster(): Promise<TestCluster> {
  const binary = await natsProgram();
  const taken = new Set<number>();
  const port = async () => {
    const free = await freePort(taken);
    taken.add(free);
    return free;
  };
  const ports: { client: number; route: number }[] = [];
  for (let at = 0; at < SIZE; at++) ports.push({ client: await port(), route: await port() });
  const routes = ports.map(({ route }) => `nats-route://127.0.0.1:${route}`);

  const start = async ({ client, route }: { client: number; route: number }, at: number) => {
    const name = `node${at}`;
    const directory = await mkdtemp(join(tmpdir(), "meeshy-nats-"));
    const spec = await natsServer({ binary, directory, port: client });
    const text = [
      natsServerConfig({ port: client, storeDir: join(directory, "jetstream") }),
      `server_name: ${name}`,
      `cluster { name: test, listen: "127.0.0.1:${route}", routes: ${JSON.stringify(routes)} }`,
    ].join("\n");
    await writeFile(spec.args.at(-1) as string, text);
    return [name, await runServer(spec, directory)] as const;
  };
  const nodes = new Map(await Promise.all(ports.map(start)));
  return {
    url: ports.map(({ client }) => `nats://127.0.0.1:${client}`).join(","),
    nodes,
    async stop() {
      await Promise.all([...nodes.values()].map((node) => node.stop()));
    },
  };
}
