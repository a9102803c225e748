import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** The composition roots: they build the store on PostgreSQL. */
const MAINS = ["gateway/src/serve.ts", "presence-worker/src/main.ts", "sweeper/src/main.ts"];

/** A file in each folder of the services, of shared and of the simulation. */
async function places(): Promise<string[]> {
  const roots = ["gateway", "presence-worker", "sweeper"].flatMap((it) => [`${it}/src`, `${it}/test`]);
  const folders = await Promise.all(
    [...roots, "shared/src", "sim"].map(async (root) => {
      const entries = await readdir(join(ROOT, root), { withFileTypes: true, recursive: true });
      const below = entries.filter((one) => one.isDirectory()).map((one) => join(one.parentPath, one.name));
      return [root, ...below.map((path) => path.slice(ROOT.length))];
    }),
  );
  return folders.flat().filter((path) => !path.startsWith("shared/src/db"));
}

const IMPORTS = { services: "@meeshy/shared/db/store", shared: "../db/store.ts" };
let planted: string[];
let refused: string[];

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "store-layout-"));
  await cp(join(ROOT, "biome.json"), join(folder, "biome.json"));
  planted = (await places()).map((path) => `${path}/planted.ts`);
  for (const path of [...planted, ...MAINS]) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    const source = path.startsWith("shared/") ? IMPORTS.shared : IMPORTS.services;
    await writeFile(join(folder, path), `export { x } from "${source}";\n`);
  }
  const args = ["lint", "--vcs-enabled=false", "--only=style/noRestrictedImports", "--reporter=json"];
  const options = ["--max-diagnostics=none", "."];
  const biome = promisify(execFile)(join(ROOT, "node_modules/.bin/biome"), [...args, ...options], {
    cwd: folder,
  });
  const { stdout } = await biome.catch((error) => error);
  await rm(folder, { recursive: true });
  refused = [...planted, ...MAINS].filter((path) => stdout.includes(`"${path}"`));
}, 60_000);

test("only the composition root of a service may import the store on PostgreSQL", () => {
  expect(planted.length).toBeGreaterThan(50);
  expect(refused.sort()).toEqual(planted.sort());
});
