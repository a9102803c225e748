import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ROOT } from "../launcher/root.ts";
import { sharedImports } from "../launcher/shared-imports.ts";
import { NOT_BUILT_FROM } from "../launcher/web-build.ts";

async function checkout(files: Record<string, string>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "imports-"));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, file)), { recursive: true });
    await writeFile(join(root, file), text);
  }
  return root;
}

test("what is imported, and what that imports, is found once, in whatever form it is written", async () => {
  const root = await checkout({
    "web/app/page.tsx": 'import type { A } from "@meeshy/shared/a";\nimport "./page.css";',
    "web/demo/late.ts": 'const c = await import("@meeshy/shared/deep/c");',
    "web/events.ts":
      'export {\n  type A,\n  b,\n} from "@meeshy/shared/a";\nimport { x } from "./app/page.tsx";',
    "web/test/page.test.ts": 'import { t } from "@meeshy/shared/only-tests";',
    "shared/src/a.ts": 'import { b } from "./b.ts";\nimport { z } from "zod";',
    "shared/src/b.ts": 'import { a } from "./a.ts";',
    "shared/src/deep/c.ts": 'import { d } from "../d.ts";',
    "shared/src/d.ts": "",
    "shared/src/unused.ts": "",
    "shared/src/only-tests.ts": "",
  });
  const names = ["a", "b", "d", "deep/c"].map((name) => `shared/src/${name}.ts`);
  expect(await sharedImports(root, "web", ["test"])).toEqual(names);
});

test("the web application is built from the names of events and the rules of statuses", async () => {
  const found = await sharedImports(ROOT, "web", ["node_modules", ...NOT_BUILT_FROM]);
  for (const name of ["codes", "event-names", "status"]) expect(found).toContain(`shared/src/${name}.ts`);
});
