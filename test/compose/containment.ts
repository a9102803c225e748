import { z } from "zod";
import type { Docker } from "./docker.ts";

const containerSchema = z.object({
  Name: z.string(),
  Config: z.object({ Image: z.string(), User: z.string() }),
  HostConfig: z.object({
    ReadonlyRootfs: z.boolean(),
    CapDrop: z.array(z.string()).nullable(),
    Memory: z.number(),
    SecurityOpt: z.array(z.string()).nullable(),
    LogConfig: z.object({ Config: z.record(z.string(), z.string()) }),
    PortBindings: z.record(z.string(), z.array(z.object({ HostIp: z.string() }))).nullable(),
  }),
});

const OURS = "meeshy-presence";
/** In a container: whether root runs it, which capabilities its processes have, and whether its image can be changed. */
const LOOK = `id -u; grep CapEff /proc/self/status | cut -f2; touch /app/changed 2>/dev/null && echo changed || echo kept; ls -a /app | grep -c '^\\.env' || true`;

/** Sentences about containers that may do more than they should. */
export async function faultsOfContainment({ docker, compose }: Docker): Promise<string[]> {
  const ids = (await compose("ps", "-q")).split("\n").filter(Boolean);
  const containers = z.array(containerSchema).parse(JSON.parse(await docker("inspect", ...ids)));
  const faults: string[] = [];
  for (const [index, { Name, Config, HostConfig }] of containers.entries()) {
    const fault = (what: string) => faults.push(`${Name}: ${what}`);
    if (!HostConfig.ReadonlyRootfs) fault("can write to its image");
    if (!HostConfig.CapDrop?.includes("ALL")) fault("keeps capabilities");
    if (!HostConfig.SecurityOpt?.includes("no-new-privileges:true")) fault("may gain privileges");
    if (HostConfig.Memory === 0) fault("has no bound for its memory");
    if (!HostConfig.LogConfig.Config["max-size"]) fault("its log is not rotated");
    const published = Object.values(HostConfig.PortBindings ?? {}).flat();
    const isOpen = published.some(({ HostIp }) => HostIp !== "127.0.0.1");
    if (isOpen !== Name.includes("balancer"))
      fault(isOpen ? "publishes a port beyond this machine" : "publishes no port");
    if (Config.Image !== OURS) continue;
    if (Config.User !== "node") fault(`runs as ${Config.User || "root"}`);
    const isRunning = (await docker("inspect", "-f", "{{.State.Running}}", ids[index] ?? "")) === "true";
    if (!isRunning) continue;
    const [uid, capabilities, image, secrets] = (
      await docker("exec", ids[index] ?? "", "sh", "-c", LOOK)
    ).split("\n");
    if (uid === "0") fault("is root");
    if (!/^0+$/.test(capabilities ?? "")) fault(`has the capabilities ${capabilities}`);
    if (image !== "kept") fault("has changed its image");
    if (secrets !== "0") fault("its image holds a file .env");
  }
  return faults;
}

/** In MB: the whole image, and what it adds to the image of Node that it is made from. */
export async function imageSizes({ docker }: Docker): Promise<string[]> {
  const size = async (image: string) =>
    Number(await docker("image", "inspect", "-f", "{{.Size}}", image)) / 1e6;
  const [whole, base] = await Promise.all([size(OURS), size("node:24-slim")]);
  const layers = await docker("history", "--format", "{{.Size}}\t{{.CreatedBy}}", "--no-trunc", OURS);
  const modules = layers.split("\n").find((line) => line.includes("node_modules"));
  return [
    `image: ${whole.toFixed(0)} MB, ${(whole - base).toFixed(0)} MB of which are not Node and its system`,
    `node_modules: ${modules?.split("\t")[0] ?? "?"}`,
  ];
}
