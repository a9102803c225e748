import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runChild } from "./child.mjs";
import { withLock } from "./lock.mjs";
import { during } from "./progress.mjs";

/**
 * Installs the dependencies if they are missing or older than the lockfile. Of several runs at once one installs
 * and the others wait for it.
 */
export async function ensureInstalled(root) {
  if (isInstalled(root)) return;
  const waiting = () => process.stderr.write("waiting for another run that installs the dependencies …\n");
  await withLock(join(root, ".cache/install.lock"), () => install(root), waiting);
}

/**
 * True if what npm noted about node_modules, which it does last, agrees with the lockfile. Packages for other
 * platforms are absent on purpose.
 */
export function isInstalled(root) {
  const wanted = packagesOf(join(root, "package-lock.json"));
  const present = packagesOf(join(root, "node_modules/.package-lock.json"));
  if (!wanted || !present) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith("node_modules/") && !path.includes("/node_modules/")) return true;
    const found = present[path];
    return found ? found.version === entry.version : Boolean(entry.optional || entry.devOptional);
  });
}

function packagesOf(lockfile) {
  try {
    return JSON.parse(readFileSync(lockfile, "utf8")).packages;
  } catch {
    return undefined;
  }
}

async function install(root) {
  if (isInstalled(root)) return;
  const args = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = process.env.npm_execpath;
  const [command, prefix] = npm?.endsWith("js") ? [process.execPath, [npm]] : ["npm", []];
  const { code, output } = await during("installing dependencies (npm ci, about a minute)", () =>
    runChild(command, [...prefix, ...args], { cwd: root, capture: true }),
  );
  if (code === 0) return;
  throw new Error(`npm ci failed:\n${beginning(output)}\n\n${adviceOn(output)}`);
}

const SHOWN_LINES = 15;

function beginning(output) {
  return output.trimEnd().split("\n").slice(0, SHOWN_LINES).join("\n");
}

function adviceOn(output) {
  return output.includes("EUSAGE")
    ? "package.json has changed and package-lock.json has not: run `npm install`, and commit both."
    : "The first start needs npm's registry and 1.5 GB of disk; then run the same command again.";
}
