import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { changeConstant, constantsOf } from "../loader/constants.ts";
import { PLANTED_FAULTS } from "../planted/faults.ts";

const ROOT = join(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");

test("a constant is changed where it is declared once, and missed loudly anywhere else", () => {
  const twice = { file: "a.ts", name: "LOOK_MS", value: (given: number) => given * 3 };
  expect(changeConstant("const LOOK_MS = 1_000;\nuse(LOOK_MS);", twice)).toBe(
    "const LOOK_MS = 3000;\nuse(LOOK_MS);",
  );
  for (const source of [
    "const OTHER_MS = 1;",
    "const LOOK_MS = 1;\nconst LOOK_MS = 2;",
    "const LOOK_MS = f();",
  ])
    expect(() => changeConstant(source, twice)).toThrow("does not declare LOOK_MS once");
});

test.each(constantsOf({ partitions: 4, stretch: 2 }))(
  "$file declares $name, which worlds change",
  (constant) => {
    expect(changeConstant(read(constant.file), constant)).not.toBe(read(constant.file));
  },
);

test.each(PLANTED_FAULTS.flatMap(({ name, edits }) => edits.map((edit) => ({ name, ...edit }))))(
  "$file holds once what is changed for fault $name",
  ({ file, find }) => {
    expect(read(file).split(find)).toHaveLength(2);
  },
);
