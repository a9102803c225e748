import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** From the ground up; what stands on one rung does not import each other either. */
const LADDER = [
  ["core"],
  ["directory", "feed", "limits"],
  ["auth"],
  ["connections"],
  ["emitter", "log", "cluster"],
  ["status", "chat"],
  ["delivery"],
  ["changes"],
  ["sockets", "routes", "services"],
  ["plugin"],
];

/** By folder, the folders of the gateway in which the linter refuses an import of it. */
const refusing = new Map<string, string[]>();

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "ladder-"));
  await cp(join(ROOT, "biome.json"), join(folder, "biome.json"));
  for (const importer of LADDER.flat()) {
    const planted = join(folder, "gateway/src", importer);
    await mkdir(planted, { recursive: true });
    for (const target of LADDER.flat())
      await writeFile(join(planted, `${target}.ts`), `export { x } from "../${target}/x.ts";\n`);
  }
  const args = ["lint", "--vcs-enabled=false", "--only=style/noRestrictedImports", "--reporter=json"];
  const { stdout } = await promisify(execFile)(
    join(ROOT, "node_modules/.bin/biome"),
    [...args, "--max-diagnostics=none", "gateway"],
    { cwd: folder },
  ).catch((error) => error);
  await rm(folder, { recursive: true });
  for (const target of LADDER.flat())
    refusing.set(
      target,
      LADDER.flat().filter((importer) => stdout.includes(`gateway/src/${importer}/${target}.ts`)),
    );
});

test.each(LADDER.flatMap((rung, at) => rung.map((folder) => [folder, at] as const)))(
  "%s can be imported by what stands above it only",
  (target, at) => {
    const belowOrBeside = LADDER.flatMap((rung, n) => (n <= at ? rung : [])).filter((it) => it !== target);
    // core imports nothing of the other folders, and itself by "./" only.
    const expected = target === "core" ? ["core"] : belowOrBeside;
    expect(refusing.get(target)?.sort()).toEqual(expected.sort());
  },
);
