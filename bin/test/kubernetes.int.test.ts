import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { NATS_ROLES } from "@meeshy/shared/nats/permissions";
import { natsProgram } from "@meeshy/shared/testing/servers";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { z } from "zod";
import { ROOT } from "../launcher/root.ts";

const configMap = z.object({
  kind: z.literal("ConfigMap"),
  data: z.object({ "nats-server.conf": z.string() }),
});

test("nats-server takes its configuration of Kubernetes, with the users that bin/nats-config.ts writes", async () => {
  const directory = await mkdtemp(join(tmpdir(), "meeshy-k8s-"));
  try {
    const [first] = parseAllDocuments(await readFile(join(ROOT, "ops/k8s/nats.yaml"), "utf8"));
    const main = join(directory, "nats-server.conf");
    await writeFile(main, configMap.parse(first?.toJS()).data["nats-server.conf"]);
    const passwords = Object.fromEntries(
      NATS_ROLES.map((role) => [`NATS_${role.toUpperCase()}_PASSWORD`, role]),
    );
    const run = promisify(execFile);
    const users = await run(process.execPath, [join(ROOT, "bin/nats-config.ts")], {
      env: { ...process.env, ...passwords, NATS_HOST: "0.0.0.0" },
    });
    await writeFile(join(directory, "users.conf"), users.stdout);

    const { stdout, stderr } = await run(await natsProgram(), ["-t", "-c", main], {
      env: { ...process.env, POD_NAME: "nats-0" },
    });

    expect(stdout + stderr).toContain("is valid");
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
