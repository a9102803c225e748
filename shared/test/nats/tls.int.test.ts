import { execFile } from "node:child_process";
import { mkdtemp, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { connect } from "@nats-io/transport-node";
import { expect, test } from "vitest";
import { openNats } from "../../src/nats/connect.ts";
import { NATS_ROLES, type NatsRole } from "../../src/nats/permissions.ts";
import { natsServerConfig } from "../../src/nats/server-config.ts";
import { ensureStreams } from "../../src/nats/streams.ts";
import { freePort } from "../../src/servers/free-port.ts";
import { runServer } from "../../testing/run-server.ts";
import { natsProgram } from "../../testing/servers.ts";

const run = promisify(execFile);
const hasOpenssl = await run("openssl", ["version"]).then(
  () => true,
  () => false,
);

/** A certificate of an authority of its own, for localhost. */
async function certificates(directory: string) {
  const at = (name: string) => join(directory, name);
  const openssl = (...args: string[]) => run("openssl", args, { cwd: directory });
  const subject = (name: string) => ["-subj", `/CN=${name}`, "-days", "1"];
  for (const authority of ["ca", "other"])
    await openssl(
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", `${authority}.key`],
      ...["-out", `${authority}.pem`, ...subject(authority)],
    );
  await openssl(
    "req",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-keyout",
    "key.pem",
    "-out",
    "csr.pem",
    "-subj",
    "/CN=nats",
  );
  await writeFile(at("san"), "subjectAltName=DNS:localhost\n");
  await openssl(
    ...["x509", "-req", "-in", "csr.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"],
    ...["-out", "cert.pem", "-days", "1", "-extfile", "san"],
  );
  return { cert: at("cert.pem"), key: at("key.pem"), ca: at("ca.pem"), other: at("other.pem") };
}

const greets = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = createConnection(port, "127.0.0.1");
    socket.once("data", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("data", () => socket.destroy());
  });

test.skipIf(!hasOpenssl)(
  "with certificates the link is encrypted, and a server of another authority is refused",
  async () => {
    const directory = await mkdtemp(join(tmpdir(), "meeshy-tls-"));
    const files = await certificates(directory);
    const port = await freePort();
    const passwords = Object.fromEntries(NATS_ROLES.map((role) => [role, `password of ${role}`]));
    const config = join(directory, "nats-server.conf");
    await writeFile(
      config,
      natsServerConfig({
        ...{ port, storeDir: join(directory, "jetstream"), tls: files },
        passwords: passwords as Record<NatsRole, string>,
      }),
    );
    const server = await runServer(
      {
        ...{ name: "nats-server", command: await natsProgram(), args: ["--config", config] },
        ...{ stopSignal: "SIGTERM", isReady: () => greets(port) },
      },
      directory,
    );
    try {
      const credentials = { user: "worker", password: "password of worker" };
      const url = `tls://localhost:${port}`;
      const link = await openNats({ url, ...credentials, tlsCa: files.ca }, "worker");
      await ensureStreams(link, 1);
      await link.close();
      const options = { servers: url, user: "worker", pass: credentials.password, reconnect: false };
      await expect(connect({ ...options, tls: { caFile: files.other } })).rejects.toThrow();
      await expect(connect(options)).rejects.toThrow();
    } finally {
      await server.stop();
    }
  },
);
