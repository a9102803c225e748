/**
 * `npm version` has written the new version into each package.json, and runs this next: the lock file's entries of the
 * packages follow, and what CHANGELOG.md has as unreleased becomes this version's.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const read = (name) => readFileSync(join(root, name), "utf8");
const UNRELEASED = "\n## Unreleased\n";

const { version, workspaces } = JSON.parse(read("package.json"));
const lock = JSON.parse(read("package-lock.json"));
for (const folder of workspaces) lock.packages[folder].version = version;
writeFileSync(join(root, "package-lock.json"), `${JSON.stringify(lock, null, 1)}\n`);

const changes = read("CHANGELOG.md");
if (!changes.includes(UNRELEASED)) throw new Error(`CHANGELOG.md has no heading "${UNRELEASED.trim()}"`);
writeFileSync(
  join(root, "CHANGELOG.md"),
  changes.replace(UNRELEASED, () => `${UNRELEASED}\n## ${version}\n`),
);
