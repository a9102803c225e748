import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT } from "../launcher/root.ts";

/** Words that a newcomer would have to learn and an operator cannot search for; CONTRIBUTING names what stands instead. */
const AVOIDED = /\b(told|(?<!["`])nobody|whoever|the door|hasten(s|ed)?|acquaintance)\b/i;

const TEXTS =
  "{bench,bin,chaos,docs,gateway,ops,presence-worker,shared,sim,sweeper,test,web}/**/*.{ts,tsx,mjs,md,yml}";
/** The list itself, and the page that explains it. */
const EXEMPT = new Set(["bin/test/words.test.ts", "CONTRIBUTING.md"]);
const isOurs = (path: string) =>
  !/(^|\/)(node_modules|generated|\.next|out|dist)\//.test(path) && !EXEMPT.has(path);

test("names, comments, messages and documents use the field's terms", () => {
  const found = [
    ...globSync(TEXTS, { cwd: ROOT, exclude: ["**/node_modules", "**/.next"] }),
    "README.md",
    "CHANGELOG.md",
  ]
    .filter(isOurs)
    .flatMap((path) =>
      readFileSync(join(ROOT, path), "utf8")
        .split("\n")
        .flatMap((line, at) => (AVOIDED.test(line) ? [`${path}:${at + 1}: ${line.trim()}`] : [])),
    );
  expect(found).toEqual([]);
});
