import { readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

const SHARED = "shared/src";
const SOURCE = /\.tsx?$/;
const IMPORT = /(?:from|import\()\s*"(@meeshy\/shared\/[^"]+|\.{1,2}\/[^"]+)"/g;

/**
 * The files of `shared/src` that the sources below `folder` import, types included, and what those import in turn.
 * Paths are relative to `root`, sorted. `ignored`: names that do not count below the folder.
 */
export async function sharedImports(
  root: string,
  folder: string,
  ignored: readonly string[],
): Promise<string[]> {
  const found = new Set<string>();
  const follow = async (file: string): Promise<void> => {
    const text = await readFile(join(root, file), "utf8");
    const imported = [...text.matchAll(IMPORT)].flatMap(([, name = ""]) => toShared(name, file));
    const fresh = imported.filter((one) => !found.has(one));
    for (const one of fresh) found.add(one);
    await Promise.all(fresh.map(follow));
  };
  const entries = await readdir(join(root, folder), { recursive: true });
  const sources = entries.filter(
    (entry) => SOURCE.test(entry) && !entry.split("/").some((name) => ignored.includes(name)),
  );
  await Promise.all(sources.map((source) => follow(join(folder, source))));
  return [...found].sort();
}

function toShared(name: string, importer: string): string[] {
  if (!name.startsWith(".")) return [`${name.replace("@meeshy/shared", SHARED)}.ts`];
  const path = join(dirname(importer), name);
  return path.startsWith(`${SHARED}/`) ? [path] : [];
}
