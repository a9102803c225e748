import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { withLock } from "../run/lock.mjs";
import { during } from "../run/progress.mjs";
import { ROOT } from "./root.ts";

/** Something that a tool makes out of files of the checkout. Paths are relative to the checkout. */
export type Product = {
  name: string;
  /** A file that is there once the product is. */
  output: string;
  /** Files and directories it is made from. */
  inputs: readonly string[];
  /** Names that do not count below the inputs. */
  ignored?: readonly string[];
  doing: string;
  make(): Promise<void>;
};

/**
 * Makes a product that is missing or was made from other inputs. Contents count, not times: a checkout, a copy
 * or a restored cache changes times.
 */
export async function ensureMade(product: Product): Promise<void> {
  if (await isFresh(product)) return;
  const lock = join(ROOT, `.cache/${product.name}.lock`);
  const waiting = () => console.error(`waiting for another run: ${product.doing} …`);
  await withLock(lock, () => makeUnlessFresh(product), waiting);
}

async function makeUnlessFresh(product: Product): Promise<void> {
  if (await isFresh(product)) return;
  const digest = await digestOf(product);
  await rm(stampFile(product), { force: true });
  await during(product.doing, () => product.make());
  await mkdir(dirname(stampFile(product)), { recursive: true });
  await writeFile(stampFile(product), digest);
}

async function isFresh(product: Product): Promise<boolean> {
  if (!existsSync(join(ROOT, product.output))) return false;
  const stamp = await readFile(stampFile(product), "utf8").catch(() => undefined);
  return stamp === (await digestOf(product));
}

function stampFile(product: Product): string {
  return join(ROOT, `.cache/${product.name}.inputs`);
}

async function digestOf({ inputs, ignored = [] }: Product): Promise<string> {
  const hash = createHash("sha256");
  for (const input of inputs) {
    for (const file of await filesBelow(input, new Set(["node_modules", ...ignored]))) {
      hash
        .update(`${file}\0`)
        .update(await readFile(join(ROOT, file)))
        .update("\0");
    }
  }
  return hash.digest("hex");
}

async function filesBelow(path: string, ignored: ReadonlySet<string>): Promise<string[]> {
  const entries = await readdir(join(ROOT, path), { withFileTypes: true }).catch(() => undefined);
  if (!entries) return existsSync(join(ROOT, path)) ? [path] : [];
  const kept = entries.filter((entry) => !ignored.has(entry.name)).sort((a, b) => (a.name < b.name ? -1 : 1));
  const nested = kept.map((entry) => {
    const below = join(path, entry.name);
    return entry.isDirectory() ? filesBelow(below, ignored) : [below];
  });
  return (await Promise.all(nested)).flat();
}
