import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../launcher/root.ts";

const read = (name: string) => readFileSync(join(ROOT, name), "utf8");
const { version, workspaces } = JSON.parse(read("package.json")) as { version: string; workspaces: string[] };

test("all packages have one version, in the lock file too", () => {
  const lock = JSON.parse(read("package-lock.json")) as { packages: Record<string, { version: string }> };
  const versions = ["", ...workspaces].map((folder) => [
    folder,
    JSON.parse(read(join(folder, "package.json"))).version,
    lock.packages[folder]?.version,
  ]);
  expect(versions).toEqual(["", ...workspaces].map((folder) => [folder, version, version]));
});

test("CHANGELOG.md begins with what is unreleased, and then has the present version", () => {
  const headings = [...read("CHANGELOG.md").matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
  expect(headings.slice(0, 2)).toEqual(["Unreleased", version]);
});
