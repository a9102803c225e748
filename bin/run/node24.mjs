import { existsSync } from "node:fs";
import { join } from "node:path";

const WANTED = 24;

/** Path of Node 24 or newer: the one among the dependencies, else the one that runs now; else undefined. */
export function findNode24(root) {
  const platform = `${process.platform}-${process.arch}`;
  for (const name of [`node-${platform}`, `node-bin-${platform}`]) {
    const binary = join(root, "node_modules", name, "bin/node");
    if (existsSync(binary)) return binary;
  }
  return Number.parseInt(process.versions.node, 10) >= WANTED ? process.execPath : undefined;
}
