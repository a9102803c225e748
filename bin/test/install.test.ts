import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isInstalled } from "../run/install.mjs";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "meeshy-install-"));
  mkdirSync(join(root, "node_modules"));
});
afterEach(() => rmSync(root, { recursive: true }));

const LOCK = {
  "": { name: "project" },
  shared: { version: "0.1.0" },
  "node_modules/@meeshy/shared": { resolved: "shared", link: true },
  "node_modules/zod": { version: "4.0.0" },
  "node_modules/zod/node_modules/inner": { version: "1.0.0" },
  "node_modules/other-platform": { version: "1.0.0", optional: true },
};
const INSTALLED = { ...LOCK, "node_modules/other-platform": undefined };

function write(file: string, packages: object): void {
  writeFileSync(join(root, file), JSON.stringify({ packages }));
}

test("nothing installed is not installed", () => {
  write("package-lock.json", LOCK);
  expect(isInstalled(root)).toBe(false);
});

test("what agrees with the lockfile is installed; other platforms' packages may be absent", () => {
  write("package-lock.json", LOCK);
  write("node_modules/.package-lock.json", INSTALLED);
  expect(isInstalled(root)).toBe(true);
});

test.each([
  ["another version", { "node_modules/zod": { version: "4.0.1" } }],
  ["a missing package", { "node_modules/zod/node_modules/inner": undefined }],
  ["a missing link", { "node_modules/@meeshy/shared": undefined }],
  ["another version of an optional package", { "node_modules/other-platform": { version: "0.9.0" } }],
])("%s is not installed", (_, difference) => {
  write("package-lock.json", LOCK);
  write("node_modules/.package-lock.json", { ...INSTALLED, ...difference });
  expect(isInstalled(root)).toBe(false);
});
