import { mkdtemp, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { z } from "zod";
import { freePort } from "../src/servers/free-port.ts";
import { findPrograms } from "./found-programs.ts";
import { runServer } from "./run-server.ts";

/** as Debian calls them */
const PROGRAMS = ["prometheus-alertmanager", "amtool"] as const;

/** Paths of the programs. */
export type AlertmanagerPrograms = Record<(typeof PROGRAMS)[number], string>;

const SHARE = "usr/share";

/** Alertmanager and its tool. */
export const findAlertmanager = () =>
  findPrograms("prometheus-alertmanager", PROGRAMS, [`${SHARE}/prometheus`]);

/**
 * Debian's Alertmanager reads its templates from /usr/share. Unpacked, it runs in a mount namespace of its own, where
 * /usr/share is the package's.
 */
function commandOf(program: string): { command: string; args: string[] } {
  if (!isAbsolute(program)) return { command: program, args: [] };
  const script = `mount --bind "$0" /${SHARE} && exec "$@"`;
  return {
    command: "unshare",
    args: ["--map-root-user", "--mount", "sh", "-c", script, join(dirname(program), SHARE), program],
  };
}

const notificationSchema = z.object({
  alerts: z.array(
    z.object({
      status: z.enum(["firing", "resolved"]),
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
    }),
  ),
});
/** An alert as it was delivered. */
type Delivered = z.infer<typeof notificationSchema>["alerts"][number];

export interface TestAlertmanager {
  /** host:port, for Prometheus */
  readonly host: string;
  /** Every alert that the receiver was sent, in order; an alert comes again when its group changes. */
  readonly delivered: readonly Delivered[];
  stop(): Promise<void>;
}

/**
 * An Alertmanager by this configuration, with a webhook of this process as each of its receivers.
 * `config`: as the file gives it when parsed, whose receivers are of any kind.
 */
export async function startAlertmanager(
  programs: AlertmanagerPrograms,
  config: { receivers: { name: string }[] },
): Promise<TestAlertmanager> {
  const delivered: Delivered[] = [];
  const receiver = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      delivered.push(...notificationSchema.parse(JSON.parse(body)).alerts);
      response.end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const receivers = config.receivers.map(({ name }) => ({ name, webhook_configs: [{ url }] }));

  const directory = await mkdtemp(join(tmpdir(), "meeshy-alertmanager-"));
  const file = join(directory, "alertmanager.yml");
  // JSON is YAML.
  await writeFile(file, JSON.stringify({ ...config, receivers }));
  const { command, args } = commandOf(programs["prometheus-alertmanager"]);
  const host = `127.0.0.1:${await freePort()}`;
  const server = await runServer(
    {
      name: "alertmanager",
      command,
      args: [
        ...args,
        `--config.file=${file}`,
        `--storage.path=${join(directory, "data")}`,
        `--web.listen-address=${host}`,
        // None besides this one.
        "--cluster.listen-address=",
      ],
      cwd: directory,
      env: process.env,
      stopSignal: "SIGTERM",
      isReady: () =>
        fetch(`http://${host}/-/ready`).then(
          ({ ok }) => ok,
          () => false,
        ),
    },
    directory,
  );
  return {
    host,
    delivered,
    async stop() {
      await server.stop();
      receiver.closeAllConnections();
      await new Promise((resolve) => receiver.close(resolve));
    },
  };
}
