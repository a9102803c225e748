import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { SABOTAGES } from "../planted/sabotages.ts";

const ROOT = join(import.meta.dirname, "../..");

describe.each(SABOTAGES)("$name", ({ edits }) => {
  test.each(edits)("finds its text once in $file", ({ file, find }) => {
    expect(readFileSync(join(ROOT, file), "utf8").split(find)).toHaveLength(2);
  });
});
