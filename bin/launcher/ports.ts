import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { freePort, isPortFree } from "@meeshy/shared/servers/free-port";

/** Ports of the gateways: `first` and the ones that follow. Throws, naming every one that is taken. */
export async function gatewayPorts(first: number, count: number): Promise<number[]> {
  const ports = Array.from({ length: count }, (_, index) => first + index);
  const free = await Promise.all(ports.map(isPortFree));
  const taken = ports.filter((_, index) => !free[index]);
  if (taken.length === 0) return ports;
  const which = taken.length === 1 ? `port ${taken[0]} is` : `ports ${taken.join(", ")} are`;
  throw new Error(`${which} taken by another program; end it, or choose others with --port`);
}

/**
 * Gives each name its port. They are chosen on the first start and kept in the data directory, so that a
 * restart keeps them; one that another program has taken since is replaced, with a word.
 */
export async function fixedPorts<Name extends string>(
  dataDir: string,
  names: readonly Name[],
  reserved: readonly number[],
  say: (line: string) => void,
): Promise<Record<Name, number>> {
  const file = join(dataDir, "ports.json");
  const kept = read(file);
  const used = new Set([...reserved, ...Object.values(kept)]);
  for (const name of names) {
    const former = kept[name];
    if (former !== undefined && !reserved.includes(former) && (await isPortFree(former))) continue;
    const port = await freePort(used);
    used.add(port);
    kept[name] = port;
    if (former !== undefined) say(`${name}: port ${former} is taken by another program; using ${port}`);
  }
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
  return kept as Record<Name, number>;
}

function read(file: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return {};
  }
}
