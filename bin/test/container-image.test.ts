import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { z } from "zod";
import { ROOT } from "../launcher/root.ts";

const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const dockerfile = read("Dockerfile");
const { workspaces } = z.object({ workspaces: z.array(z.string()) }).parse(JSON.parse(read("package.json")));

/** Directories and files of the checkout that the image's stages copy. */
const copied = [...dockerfile.matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, from = ""]) =>
  from.split(" "),
);
const isWithin = (inner: string, outer: string) => inner === outer || inner.startsWith(`${outer}/`);

test("a package whose sources the image copies has its manifest there, and its dependencies installed", () => {
  const sources = copied.filter((path) => !path.endsWith("package.json"));
  const packages = workspaces.filter((name) =>
    sources.some((path) => isWithin(path, name) || isWithin(name, path)),
  );
  expect(packages).toContain("web/presence");
  for (const name of packages) {
    expect(copied).toContain(`${name}/package.json`);
    expect(dockerfile).toMatch(new RegExp(`--workspace ${name}(?=\\s)`));
  }
});
